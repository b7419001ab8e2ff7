import { expect, test } from "vitest";
import { logIn, slotOf } from "../browser";
import { LOT } from "../daemon";
import { Stage } from "../stage";

const stage = Stage.set({ isBare: true, isEmpty: true });

test("a lot is set up from nothing: a slot added, a plan imported after a look at it, the clock set", async () => {
  const { page, end } = await stage.visit();
  await logIn(page, stage.daemon.token);
  await page.getByRole("link", { name: "Go to set-up" }).click();
  await page.getByRole("button", { name: "Add a slot" }).click();
  await page.getByLabel("Code").fill("A-01");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("cell", { name: "A-01", exact: true }).waitFor();

  await page.getByRole("tab", { name: "Import" }).click();
  await page.getByLabel("Rows").fill("code,zone,kind,x,y\nA-01,A,ev,1,2\nA-02,A,standard,3.5,2\nA-03,A,truck,6,2\n");
  await page.getByRole("button", { name: "Show what would change" }).click();
  await page.getByText("Row 3", { exact: true }).waitFor();
  await page.getByLabel("Rows").fill("code,zone,kind,x,y\nA-01,A,ev,1,2\nA-02,A,standard,3.5,2\nA-03,A,standard,6,2\n");
  await page.getByRole("button", { name: "Show what would change" }).click();
  await page.getByText("2 new").waitFor();
  expect(await stage.daemon.ask<unknown[]>("GET", "/api/slots")).toHaveLength(1);
  await page.getByRole("button", { name: "Import 3 slots" }).click();
  await page.getByText("Done: 2 new, 1 changed.").waitFor();
  expect(await stage.daemon.ask<unknown[]>("GET", "/api/slots")).toHaveLength(3);

  await page.getByRole("tab", { name: "Lot", exact: true }).click();
  await page.getByLabel("Time zone").fill("Asia/Jakarta");
  await page.getByLabel("Currency").fill("idr");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved").waitFor();
  expect(await stage.daemon.ask("GET", "/api/lots/main")).toMatchObject({ time_zone: "Asia/Jakarta", currency: "IDR" });
  await end();
});

test("a bay is dragged, and nudged by keys, to where it is saved", async () => {
  await stage.daemon.fill(LOT);
  const { page, end } = await stage.visit();
  await logIn(page, stage.daemon.token, "/setup?part=map");
  const bay = page.locator('[aria-label^="B-12 at"]');
  const position = async () => (await stage.daemon.ask<{ position: { x: number; y: number } }>("GET", "/api/slots/B-12")).position;
  const before = await position();
  const box = await bay.boundingBox();
  if (!box) throw new Error("the bay is not on the screen");
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2 + 60, { steps: 5 });
  await page.mouse.up();
  await expect.poll(async () => (await position()).y).toBeGreaterThan(before.y);
  const dragged = await position();
  await bay.focus();
  await page.keyboard.press("Shift+ArrowRight");
  // The next bay soon after: neither is forgotten for the other.
  const x = async (code: string) => (await stage.daemon.ask<{ position: { x: number } }>("GET", `/api/slots/${code}`)).position.x;
  const other = await x("B-06");
  await page.locator('[aria-label^="B-06 at"]').focus();
  await page.keyboard.press("ArrowRight");
  await expect.poll(async () => (await position()).x).toBeCloseTo(dragged.x + 1, 5);
  await expect.poll(() => x("B-06")).toBeCloseTo(other + 0.1, 5);
  await end();
});

test("a token is made, shown once, and revoked", async () => {
  const { page, end } = await stage.visit();
  await logIn(page, stage.daemon.token, "/tokens");
  await page.getByRole("button", { name: "New token" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("For whom").fill("night shift");
  await dialog.getByRole("button", { name: "New token" }).click();
  const token = (await dialog.getByTestId("copyable").textContent()) ?? "";
  expect(await stage.daemon.ask("GET", "/api/login", undefined, token)).toMatchObject({ name: "night shift", role: "attendant" });
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Revoke night shift" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke", exact: true }).click();
  await expect.poll(() => page.getByText("night shift").count()).toBe(0);
  await expect(stage.daemon.ask("GET", "/api/login", undefined, token)).rejects.toThrow("401");
  await end();
});

test("stays and events are listed as they happen, and saved as a file", async () => {
  const { page, end } = await stage.visit();
  let asked = 0;
  page.on("request", (request) => (asked += Number(new URL(request.url()).pathname === "/api/sessions")));
  await logIn(page, stage.daemon.token, "/sessions?state=open&slot=A-02");
  await page.getByText("No stay matches.").waitFor();
  await stage.daemon.parkctl("slot", "set", "A-02", "--state", "occupied");
  await page.getByRole("row").filter({ hasText: "A-02" }).first().waitFor();
  expect(asked).toBe(1);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download CSV" }).click()]);
  expect(download.suggestedFilename()).toBe("main-sessions.csv");
  await page.goto("/events?slot=A-02");
  await page.locator(".log li").filter({ hasText: "Occupied" }).first().waitFor();
  await stage.daemon.parkctl("slot", "set", "A-02", "--state", "free");
  await page.locator(".log li").first().filter({ hasText: "Free" }).waitFor();
  await page.goto("/events?slot=A-02&until=2020-01-01T00:00");
  await page.getByText("No change matches.").waitFor();
  await page.getByLabel("Before").fill("2090-01-01T00:00");
  await page.locator(".log li").first().waitFor();
  await end();
});

test("what was imported at once, in one moment, is looked through to its beginning", async () => {
  const many = Array.from({ length: 1_100 }, (_, at) => ({ code: `M-${at}`, zone: "M" }));
  await stage.daemon.ask("POST", "/api/lots", { id: "many", name: "Many" });
  await stage.daemon.fill(many, "many");
  const { page, end } = await stage.visit();
  await logIn(page, stage.daemon.token, "/events?lot=many&kind=slot.created");
  const more = page.getByRole("button", { name: "Load more" });
  const rows = page.locator(".log li");
  for (let shown = 200; shown < many.length; shown += 200) {
    await expect.poll(() => rows.count()).toBe(shown);
    await more.click();
  }
  await expect.poll(() => rows.count()).toBe(many.length);
  await rows.filter({ hasText: /M-0 / }).first().waitFor();
  expect(await more.count()).toBe(0);
  await end();
});

test("the history has a figure for today, and a file", async () => {
  const { page, end } = await stage.visit();
  await logIn(page, stage.daemon.token, "/history?range=week");
  await page.getByRole("heading", { name: "How full the lot was" }).waitFor();
  await page.locator(".uplot").waitFor();
  expect(await page.getByRole("radio", { name: "7 days" }).isChecked()).toBe(true);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download CSV" }).click()]);
  expect(download.suggestedFilename()).toBe("main-all-week.csv");
  const chart = page.getByRole("slider", { name: "How full the lot was" });
  await chart.focus();
  await page.locator(".chart-read strong").waitFor();
  expect(await chart.getAttribute("aria-valuetext")).toMatch(/: Occupied [\d.]+, Reserved /);
  await page.keyboard.press("Home");
  await expect.poll(() => chart.getAttribute("aria-valuetext")).toContain("No data");
  await page.getByText("As a table").first().click();
  await page.getByRole("columnheader", { name: "Occupied" }).waitFor();
  await page.getByText("Own", { exact: true }).click();
  await page.getByLabel("From").fill("2026-01-01");
  await expect.poll(() => new URL(page.url()).searchParams.get("from")).toBe("2026-01-01");
  await page.locator(".uplot").waitFor();
  await end();
});

test("a slot that is not on the map stands beside it until it is placed", async () => {
  const { page, end } = await stage.visit();
  await stage.daemon.ask("POST", "/api/slots", { code: "Z-1" });
  await logIn(page, stage.daemon.token);
  await slotOf(page, "Z-1").waitFor();
  await page.goto("/setup?part=map");
  await page.getByRole("button", { name: "Place Z-1" }).click();
  await page.locator('[aria-label^="Z-1 at"]').waitFor();
  await end();
});
