// Pictures of every page, light and dark, large and small, of the demo lot; in shots/, to be looked at.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, test } from "vitest";
import { DESKTOP, PHONE, launch, logIn, visit } from "./browser";
import { Daemon } from "./daemon";

const SHOTS = join(import.meta.dirname, "../shots");
/** For pictures to load and charts to be drawn, after the page is quiet. */
const SETTLE_MS = 600;
/** The lot fills up before it is drawn: an empty one shows little. */
const MORNING_MS = 90_000;
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
  await new Promise((done) => setTimeout(done, MORNING_MS));
}, 2 * MORNING_MS);
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
