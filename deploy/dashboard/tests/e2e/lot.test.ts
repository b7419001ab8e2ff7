import { expect, test } from "vitest";
import { logIn, slotOf } from "../browser";
import { Stage } from "../stage";

const stage = Stage.set();

test("a wrong token is refused in words, and the right one shows the lot live", async () => {
  const { page, end } = await stage.visit();
  await page.goto("/");
  await page.getByLabel("Token").fill("nonsense");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("alert").getByText("This token is not known").waitFor();
  await logIn(page, stage.daemon.token);
  expect(await page.getByTestId("free-total").textContent()).toBe("16");
  expect(await page.locator("[data-slot]").count()).toBe(24);
  await page.reload();
  await page.locator(".pill[data-link=live]").waitFor();
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await page.getByLabel("Token").waitFor();
  await end();
});

test("a change made by parkctl appears", async () => {
  const { page, end } = await stage.visit();
  await logIn(page, stage.daemon.token);
  const slot = slotOf(page, "A-03");
  expect(await slot.getAttribute("data-state")).toBe("free");
  await stage.daemon.parkctl("slot", "set", "A-03", "--state", "occupied");
  await page.locator('[data-slot][aria-label="A-03, Occupied"]').waitFor();
  await stage.daemon.parkctl("slot", "set", "A-03", "--state", "free");
  await page.locator('[data-slot][aria-label="A-03, Free"]').waitFor();
  await end();
});

test("a state set in the browser is pending, then appears in parkctl slot watch", async () => {
  const { page, end } = await stage.visit();
  await logIn(page, stage.daemon.token);
  const watch = stage.daemon.follow("slot", "watch", "-o", "jsonl");
  // The event is kept back for a moment: until it has come, the slot must be what it was.
  await page.route("**/api/slots/**", async (route) => {
    await new Promise((done) => setTimeout(done, 300));
    await route.continue();
  });
  await slotOf(page, "A-02").click();
  const panel = page.getByRole("dialog");
  await panel.getByText("Reserved", { exact: true }).click();
  await panel.getByLabel("Note").fill("For the plumber");
  await panel.getByRole("button", { name: "Save" }).click();
  await panel.locator(".now .badge").waitFor();
  expect(await panel.locator(".now").getAttribute("data-state")).toBe("free");
  await panel.locator(".now[data-state=reserved]").waitFor();
  await panel.locator(".note").getByText("For the plumber").waitFor();
  await expect.poll(() => watch.said()).toContain("For the plumber");
  watch.stop();
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label")?.startsWith("A-02,"));
  await stage.daemon.parkctl("slot", "set", "A-02", "--state", "free");
  await end();
});

test("a slot that changed meanwhile is not overwritten", async () => {
  const { page, end } = await stage.visit();
  await logIn(page, stage.daemon.token);
  await slotOf(page, "A-08").click();
  const panel = page.getByRole("dialog");
  await panel.getByText("Closed", { exact: true }).click();
  await stage.daemon.parkctl("slot", "set", "A-08", "--state", "reserved");
  await panel.locator(".now[data-state=reserved]").waitFor();
  await panel.getByRole("button", { name: "Save" }).click();
  await panel.getByText("has changed since you opened it").waitFor();
  expect(await panel.locator(".now").getAttribute("data-state")).toBe("reserved");
  await stage.daemon.parkctl("slot", "set", "A-08", "--state", "free");
  await end();
});

test("when the daemon restarts the page says so, dims, and goes on where it was", async () => {
  const { page, end } = await stage.visit();
  await logIn(page, stage.daemon.token);
  await stage.daemon.stop("SIGKILL");
  await page.getByText("Offline since").waitFor();
  expect(await page.locator(".shell").getAttribute("data-link")).toBe("offline");
  expect(await slotOf(page, "A-03").isVisible()).toBe(true);
  await stage.daemon.start();
  await stage.daemon.parkctl("slot", "set", "A-03", "--state", "occupied");
  await page.locator('[data-slot][aria-label="A-03, Occupied"]').waitFor({ timeout: 40_000 });
  await page.locator(".pill[data-link=live]").waitFor();
  expect(await page.getByText("Offline since").count()).toBe(0);
  await stage.daemon.parkctl("slot", "set", "A-03", "--state", "free");
  await end();
});
