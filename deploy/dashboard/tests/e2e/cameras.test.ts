import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { violations } from "../axe";
import { picture as draw, logIn } from "../browser";
import { Stage } from "../stage";

const stage = Stage.set();

const picture = (colour: string) => draw(stage.browser, colour);

test("a camera is added with its token and its line, and its picture appears after a real upload", async () => {
  const { page, end } = await stage.visit();
  await logIn(page, stage.daemon.token, "/cameras");
  await page.getByText("No camera watches this lot yet.").waitFor();
  await page.getByRole("button", { name: "Add a camera" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Id").fill("cam-3");
  await dialog.getByLabel("Name").fill("North mast");
  await dialog.getByLabel("Zone").fill("A");
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Add a camera" }).click();
  const shown = dialog.getByTestId("copyable");
  await shown.first().waitFor();
  const [token, line] = await shown.allTextContents();
  expect(line).toBe(`parkctl camera provision --server ${stage.url} --id cam-3 --name 'North mast' --zone A --interval 60`);
  await page.keyboard.press("Escape");
  await page.getByText("Never seen").waitFor();

  await stage.daemon.ask("POST", "/api/capture", await picture("#c03020"), token);
  const image = page.locator(".wall img");
  await image.waitFor();
  expect(await image.evaluate((element: HTMLImageElement) => element.decode().then(() => element.naturalWidth))).toBe(320);
  await page.getByText("Online").waitFor();
  await end();
});

test("pictures are looked at back in time, and downloaded as they were", async () => {
  const { page, end } = await stage.visit();
  await stage.daemon.ask("POST", "/api/capture?camera=cam-3", await picture("#2040c0"));
  await logIn(page, stage.daemon.token, "/cameras/cam-3");
  const image = page.locator(".viewer-picture");
  await image.waitFor();
  const newest = await image.getAttribute("src");
  await page.getByLabel("Back in time").focus();
  await page.keyboard.press("ArrowLeft");
  await expect.poll(() => image.getAttribute("src")).not.toBe(newest);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download" }).click()]);
  const bytes = readFileSync(await download.path());
  expect(bytes.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
  // Followed by event once the newest is looked at again.
  await page.getByRole("button", { name: "Newest" }).click();
  await stage.daemon.ask("POST", "/api/capture?camera=cam-3", await picture("#20c040"));
  await expect.poll(() => image.getAttribute("src")).not.toBe(newest);
  await end();
});

test("a moment is gone to, and one that has no pictures says so and leads back", async () => {
  const { page, end } = await stage.visit();
  await logIn(page, stage.daemon.token, "/cameras/cam-3");
  const image = page.locator(".viewer-picture");
  await image.waitFor();
  const newest = await image.getAttribute("src");
  await page.getByLabel("Go to").fill("2020-01-01T00:00");
  await page.getByText("No picture yet").waitFor();
  await page.getByRole("button", { name: "Newest" }).click();
  await expect.poll(() => image.getAttribute("src")).toBe(newest);
  await end();
});

test("all cameras stand in one table with what they say of themselves, to be sorted by any of it", async () => {
  const { page, end } = await stage.visit();
  const add = async (id: string, health: object) => {
    const { token } = await stage.daemon.ask<{ token: string }>("POST", "/api/cameras", { id });
    await stage.daemon.ask("POST", `/api/cameras/${id}/health`, health, token);
  };
  await add("far", { rssi_dbm: -88, queue_depth: 4, dropped: 2, errors: 7, mode: "gentle", reset_reason: "brownout", firmware: "1.4.2", update: "valid" });
  await add("near", { rssi_dbm: -51, queue_depth: 0, mode: "normal", reset_reason: "from the future" });
  await logIn(page, stage.daemon.token, "/cameras");
  await page.getByText("Health", { exact: true }).click();
  const row = page.getByRole("row").filter({ hasText: "far" });
  await row.getByText("Too little power").waitFor();
  expect(await row.getByRole("cell").allTextContents()).toEqual(expect.arrayContaining(["-88 dBm", "4", "2", "7", "Gentle", "1.4.2", "Done"]));
  await page.getByText("from the future").waitFor();
  const first = () => page.getByRole("row").nth(1).textContent();
  const signal = page.getByRole("button", { name: "Signal" });
  await signal.click();
  expect(await first()).toContain("far");
  await signal.click();
  expect(await first()).toContain("near");
  expect(await page.getByRole("columnheader", { name: "Signal" }).getAttribute("aria-sort")).toBe("descending");
  expect(await violations(page)).toEqual([]);
  await end();
});

test("how a camera was doing is drawn over a day and over a week, with its silence and its restarts", async () => {
  const { page, end } = await stage.visit();
  await stage.daemon.ask("POST", "/api/cameras", { id: "cam-4", name: "South mast" });
  const asked: string[] = [];
  // A day of reports takes the daemon a day: its answer is made up here, by the form that its document has.
  await page.route("**/api/cameras/cam-4/health*", async (route) => {
    const from = new URL(route.request().url()).searchParams.get("from") ?? "";
    asked.push(from);
    const start = Date.parse(from);
    const times = Array.from({ length: 144 }, (_, at) => start + at * 600_000).filter((_, at) => at < 60 || at > 80);
    await route.fulfill({
      json: times.map((at, index) => ({
        at: new Date(at).toISOString(),
        booted_at: new Date(start - 3_600_000 + (at > start + 60_000_000 ? 62_000_000 : 0)).toISOString(),
        rssi_dbm: -60 - (index % 12),
        free_heap_bytes: 120_000 - index * 100,
        queue_depth: index % 3,
      })),
    });
  });
  await logIn(page, stage.daemon.token, "/cameras/cam-4");
  await page.getByText("Restarts: 1").waitFor();
  await expect.poll(() => page.locator(".camera-side .uplot canvas").count()).toBe(4);
  // Read point by point, by keys.
  const signal = page.getByRole("slider", { name: "Signal: -71 dBm – -60 dBm" });
  const said = () => signal.getAttribute("aria-valuetext");
  await signal.focus();
  for (const [key, words] of [["End", "-62 dBm"], ["ArrowLeft", "-61 dBm"], ["Home", "-60 dBm"], ["ArrowRight", "-61 dBm"], ["PageUp", "-71 dBm"]] as const) {
    await page.keyboard.press(key);
    await expect.poll(said).toContain(words);
  }
  await page.locator(".chart").filter({ hasText: "Signal" }).locator("h3").getByText("-71 dBm", { exact: false }).waitFor();
  const [day = ""] = asked;
  await page.getByText("7 days", { exact: true }).click();
  await expect.poll(() => (Date.parse(day) - Date.parse(asked.at(-1) ?? day)) / 86_400_000).toBeGreaterThan(5.9);
  expect(await violations(page)).toEqual([]);
  await end();
});
