import type { BrowserContextOptions } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { violations } from "../axe";
import { PHONE, logIn, picture, slotOf, visit } from "../browser";
import { Daemon, LOT } from "../daemon";
import { Stage } from "../stage";

const stage = Stage.set();
beforeAll(async () => {
  await stage.daemon.ask("POST", "/api/cameras", { id: "cam-1", name: "Gate", zone: "A", interval_s: 3_600 });
  await stage.daemon.ask("POST", "/api/capture?camera=cam-1", await picture(stage.browser, "#405060"));
  const regions = [{ slot: "A-01", polygon: [[0.1, 0.1], [0.4, 0.1], [0.4, 0.5], [0.1, 0.5]] }];
  await stage.daemon.ask("PUT", "/api/cameras/cam-1/regions", { mode: "suggest", regions });
});

const PAGES = ["/", "/cameras", "/cameras?view=table", "/cameras/cam-1", "/cameras/cam-1/regions", "/history", "/history?range=own&from=2026-01-01&to=2026-01-03", "/sessions", "/events", "/tokens", "/setup", "/setup?part=map", "/setup?part=import", "/setup?part=lot", "/nowhere"];

test("a viewer looks on, and is offered nothing that is refused", async () => {
  const { page, end } = await stage.visit();
  await logIn(page, await stage.daemon.newToken("on-looker", "viewer"));
  expect(await page.locator(".nav a").allTextContents()).toEqual(["Lot", "Cameras", "History", "Stays", "Events"]);
  await slotOf(page, "A-02").click();
  await page.getByRole("dialog").getByText("History", { exact: true }).waitFor();
  expect(await page.getByRole("button", { name: "Save" }).count()).toBe(0);
  await page.goto("/tokens");
  await page.getByText("There is no such page").waitFor();
  await page.goto("/cameras");
  await page.getByText("Gate").waitFor();
  expect(await page.getByRole("button", { name: "Add a camera" }).count()).toBe(0);
  await end();
});

test("an attendant sets slots, and does not set up the lot", async () => {
  const { page, end } = await stage.visit();
  await logIn(page, await stage.daemon.newToken("front-desk", "attendant"));
  expect(await page.locator(".nav a").count()).toBe(5);
  await slotOf(page, "A-02").click();
  await page.getByRole("button", { name: "Save" }).waitFor();
  await end();
});

test("a camera's token is not let in", async () => {
  const { page, end } = await stage.visit();
  const { token } = await stage.daemon.ask<{ token: string }>("POST", "/api/cameras", { id: "cam-9" });
  await page.goto("/");
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("alert").getByText("camera's token").waitFor();
  await end();
});

test("who was logged in and is revoked is asked for a token again", async () => {
  const { page, end } = await stage.visit();
  const { id, token } = await stage.daemon.ask<{ id: string; token: string }>("POST", "/api/tokens", { name: "goes-soon", role: "viewer" });
  await logIn(page, token);
  await stage.daemon.parkctl("token", "revoke", id, "--yes");
  await page.getByText("Your login is over").waitFor();
  await end();
});

test("by keyboard alone: in, to a slot, its state set, and back where one was", async () => {
  const { page, end } = await stage.visit();
  await page.goto("/");
  await page.getByLabel("Token").waitFor();
  await page.keyboard.type(stage.daemon.token);
  await page.keyboard.press("Enter");
  await page.locator(".pill[data-link=live]").waitFor();
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to content");
  await page.keyboard.press("Enter");
  const active = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? "");
  for (let pressed = 0; pressed < 12 && !(await active()).startsWith("A-01"); pressed += 1) await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowRight");
  expect(await active()).toMatch(/^A-02, Free/);
  await page.keyboard.press("Enter");
  const panel = page.getByRole("dialog");
  await panel.waitFor();
  expect(await violations(page)).toEqual([]);
  await panel.getByRole("radio", { name: "Free" }).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  await page.keyboard.type("by hand");
  await page.keyboard.press("Enter");
  await panel.locator(".now[data-state=occupied]").waitFor();
  await page.keyboard.press("Escape");
  await expect.poll(active).toMatch(/^A-02, Occupied, by hand/);
  await page.getByText("Grid").click();
  await slotOf(page, "A-02").focus();
  await page.keyboard.press("ArrowRight");
  expect(await active()).toMatch(/^A-03/);
  await page.keyboard.press("PageDown");
  expect(await active()).toMatch(/^B-12/);
  await end();
});

test("on a phone everything has room, and every page is within reach", async () => {
  const { page, end } = await stage.visit({ viewport: PHONE, hasTouch: true, isMobile: true });
  await logIn(page, stage.daemon.token);
  expect(await page.locator("[role=grid]").count()).toBe(2);
  for (const path of PAGES) {
    await page.goto(path);
    await page.locator(".pill[data-link=live]").waitFor();
    await page.waitForLoadState("networkidle");
    // Not the inner width: a browser of a phone widens that for what is too wide.
    expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(PHONE.width);
  }
  await page.locator(".nav").getByText("Lot", { exact: true }).tap();
  await slotOf(page, "B-03").tap();
  const box = await page.getByRole("dialog").boundingBox();
  expect(box?.width).toBe(PHONE.width);
  await end();
});

test("in Indonesian, chosen by the browser or by hand, and remembered", async () => {
  const first = await stage.visit({ locale: "id-ID" });
  await first.page.goto("/");
  await first.page.getByRole("button", { name: "Masuk" }).waitFor();
  expect(await first.page.locator("html").getAttribute("lang")).toBe("id");
  await first.end();

  const { page, end } = await stage.visit();
  await logIn(page, stage.daemon.token);
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("menuitemradio", { name: "Bahasa Indonesia" }).click();
  await page.getByText("Kosong sekarang").waitFor();
  await page.reload();
  await page.getByText("Kosong sekarang").waitFor();
  await page.goto("/history");
  await page.getByRole("heading", { name: "Riwayat" }).waitFor();
  await end();
});

test("the kiosk shows the counters, large, and nothing else", async () => {
  const { page, end } = await stage.visit({ viewport: { width: 1920, height: 1080 } });
  await logIn(page, stage.daemon.token);
  await page.goto("/?kiosk");
  const total = page.getByTestId("free-total");
  await total.waitFor();
  const stats = await stage.daemon.ask<{ free: number }>("GET", "/api/slots/stats");
  expect(await total.textContent()).toBe(String(stats.free));
  // A capital letter that is read from 20 m on a screen of 1.2 m width is some 5 cm high: 80 of its 1,920 pixels.
  const size = await total.evaluate((element) => parseFloat(getComputedStyle(element).fontSize));
  expect(size * 0.7).toBeGreaterThan(80);
  expect(await page.locator("nav, header").count()).toBe(0);
  await stage.daemon.parkctl("slot", "set", "B-11", "--state", "closed");
  await expect.poll(() => total.textContent()).not.toBe(String(stats.free));
  expect(await violations(page)).toEqual([]);
  await end();
});

test("where reading is public a stranger sees the lot, and nothing of cameras or people", async () => {
  const open = await Daemon.start("--public-read");
  await open.fill(LOT);
  const { page, end } = await visit(stage.browser, open.url);
  await page.goto("/");
  await page.locator(".pill[data-link=live]").waitFor();
  expect(await page.locator(".nav a").allTextContents()).toEqual(["Lot"]);
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("menuitem", { name: "Log in" }).click();
  await page.getByLabel("Token").waitFor();
  await end();
  await open.end();
});

const LOOKS: readonly (readonly [string, BrowserContextOptions])[] = [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["in Indonesian on a phone", { locale: "id-ID", viewport: PHONE, hasTouch: true, isMobile: true }],
];

test.each(LOOKS)("axe finds nothing on any page, %s", async (_name, options) => {
  const { page, end } = await stage.visit(options);
  await page.goto("/");
  await page.locator("input[name=token]").waitFor();
  expect(await violations(page)).toEqual([]);
  await logIn(page, stage.daemon.token);
  for (const path of PAGES) {
    await page.goto(path);
    await page.locator(".pill[data-link=live]").waitFor();
    await page.waitForLoadState("networkidle");
    if (path.endsWith("/regions")) await page.locator("[data-region=A-01]").focus();
    expect(await violations(page), path).toEqual([]);
  }
  await page.addInitScript(() => localStorage.setItem("slots-as", "grid"));
  await page.goto("/");
  await page.locator("[role=gridcell]").first().waitFor();
  expect(await violations(page), "grid").toEqual([]);
  await page.goto("/?kiosk");
  await page.getByTestId("free-total").waitFor();
  expect(await violations(page), "kiosk").toEqual([]);
  await end();
});

test("what no camera confirms, what one sees otherwise, and a camera that was moved are marked to the eye and in words", async () => {
  const { page, end } = await stage.visit();
  // As a daemon says it whose cameras were away for an hour: its snapshot is altered on its way.
  await page.routeWebSocket("**/ws*", (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) => socket.send(altered(String(message))));
  });
  await page.addInitScript(() => localStorage.setItem("slots-as", "grid"));
  await logIn(page, stage.daemon.token);
  const stale = slotOf(page, "B-07");
  await page.locator('[aria-label*="B-07"][aria-label*="not confirmed"]').waitFor();
  expect(await stale.evaluate((element) => getComputedStyle(element).borderTopStyle)).toBe("dashed");
  await page.locator('[aria-label*="B-08"][aria-label*="camera sees Occupied"]').waitFor();
  expect(await slotOf(page, "B-08").evaluate((element) => getComputedStyle(element).boxShadow)).not.toBe("none");
  await page.getByText("One slot is not confirmed by any camera right now").waitFor();
  expect(await violations(page)).toEqual([]);
  await page.locator(".nav").getByText("Cameras").click();
  await page.locator('.wall [data-condition="moved"]').waitFor();
  await end();
});

const SINCE = "2026-11-23T06:00:00.000Z";

function altered(text: string): string {
  const frame = JSON.parse(text) as { type: string; slots: Record<string, unknown>[]; cameras: Record<string, unknown>[] };
  if (frame.type !== "snapshot") return text;
  for (const slot of frame.slots) {
    if (slot.code === "B-07") slot.stale_since = SINCE;
    if (slot.code === "B-08") slot.suggested = "occupied";
  }
  for (const camera of frame.cameras) if (camera.id === "cam-1") camera.moved_since = SINCE;
  return JSON.stringify(frame);
}
