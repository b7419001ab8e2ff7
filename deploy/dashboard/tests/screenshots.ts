// Pictures of every page, light and dark, large and small, of the demo lot; in shots/, to be looked at. Its clock is that of Jakarta, and its
// curve of today is as long as the day is there: those of the documentation were taken there after noon.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, test, vi } from "vitest";
import { DESKTOP, PHONE, launch, logIn, visit } from "./browser";
import { Daemon } from "./daemon";

const SHOTS = join(import.meta.dirname, "../shots");
/** For pictures to load and charts to be drawn, after the page is quiet. */
const SETTLE_MS = 600;
/** Longest until the cameras of the demo have learned the lot, and set slots by themselves; and how long they do before they are drawn. */
const OPENING_MS_MAX = 300_000;
const MORNING_MS = 60_000;
/** For all pages of one look. */
const LOOK_MS_MAX = 300_000;

const PAGES: readonly (readonly [string, string])[] = [
  ["lot", "/"],
  ["cameras", "/cameras"],
  ["fleet", "/cameras?view=table"],
  ["camera", "/cameras/cam-1"],
  ["regions", "/cameras/cam-1/regions"],
  ["history", "/history?range=week"],
  ["stays", "/sessions"],
  ["events", "/events"],
  ["tokens", "/tokens"],
  ["setup", "/setup"],
  ["setup-map", "/setup?part=map"],
  ["setup-import", "/setup?part=import"],
  ["setup-lot", "/setup?part=lot"],
  ["kiosk", "/?kiosk"],
];

let browser: Browser;
let daemon: Daemon;
beforeAll(async () => {
  mkdirSync(SHOTS, { recursive: true });
  [browser, daemon] = await Promise.all([launch(), Daemon.start("--demo")]);
  const opened = async () => {
    // It says so beside its name.
    const { name } = await daemon.ask<{ name: string }>("GET", "/api/lots/demo");
    if (!name.includes("are known")) throw new Error(`the demo has not opened: ${name}`);
  };
  await vi.waitFor(opened, { timeout: OPENING_MS_MAX, interval: 1_000 });
  await new Promise((done) => setTimeout(done, MORNING_MS));
}, 2 * OPENING_MS_MAX);
afterAll(async () => {
  await browser.close();
  await daemon.end();
});

const LOOKS = (["light", "dark"] as const).flatMap((colorScheme) => [
  { name: `${colorScheme}-desktop`, options: { colorScheme, viewport: DESKTOP } },
  { name: `${colorScheme}-phone`, options: { colorScheme, viewport: PHONE, isMobile: true, hasTouch: true, deviceScaleFactor: 2 } },
]);

test.each(LOOKS)("$name", { timeout: LOOK_MS_MAX }, async ({ name, options }) => {
  const { page, end } = await visit(browser, daemon.url, options);
  const save = async (what: string) => {
    await page.waitForLoadState("networkidle");
    await page.waitForTimeout(SETTLE_MS);
    await page.screenshot({ path: join(SHOTS, `${what}-${name}.png`) });
  };
  await page.goto("/");
  await save("login");
  await logIn(page, daemon.token);
  for (const [what, path] of PAGES) {
    await page.goto(path);
    await page.locator(".pill[data-link=live], .kiosk").waitFor();
    await save(what);
  }
  await openSlot(page);
  await save("slot");
  await end();
});

async function openSlot(page: Page): Promise<void> {
  await page.goto("/");
  await page.locator('[data-slot][aria-label^="A-05"]').click();
  await page.getByRole("dialog").locator("img").waitFor();
}
