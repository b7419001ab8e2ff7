// How large, how fast, how smooth: figures beside their yardsticks, on a throttled phone and with 2,000 slots. Run by `npm run bench`.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DESKTOP, PHONE, launch, logIn, visit } from "./browser";
import type { Row } from "./daemon";
import { DIST, Daemon } from "./daemon";

/** A phone of the lower middle on a slow mobile network, as Lighthouse has it. */
const THROTTLED = { cpu: 4, latencyMs: 150, bytesPerSecond: 1_600_000 / 8 };
const SLOTS = 2_000;
const CHANGES_PER_SECOND = 50;
const QUIET_MS = 2_000;
const WATCH_MS = 10_000;

let browser: Browser;
let daemon: Daemon;
const report: string[] = [];
const missed: string[] = [];

beforeAll(async () => {
  [browser, daemon] = await Promise.all([launch(), Daemon.start()]);
  await daemon.fill(rows());
});
afterAll(async () => {
  await browser.close();
  await daemon.end();
  process.stdout.write(`\n${report.join("\n")}\n`);
});

function rows(): Row[] {
  return Array.from({ length: SLOTS }, (_, at) => ({
    code: `S-${at + 1}`,
    zone: `Z${Math.floor(at / 200) + 1}`,
    position: { x: (at % 50) * 2.5, y: Math.floor(at / 50) * 7 },
  }));
}

function note(what: string, value: string, yardstick = ""): void {
  report.push(`${what.padEnd(58)} ${value.padStart(14)}   ${yardstick}`);
}

/** A figure that has to be at most, or at least, so much: beyond that the run fails, once all has been measured. */
function judge(what: string, value: number, unit: string, limit: { most: number } | { least: number }): void {
  const [isMet, yardstick] = "most" in limit ? [value <= limit.most, `at most ${limit.most} ${unit}`] : [value >= limit.least, `at least ${limit.least} ${unit}`];
  note(what, `${value} ${unit}`.trim(), `${yardstick.trim()}${isMet ? "" : "   MISSED"}`);
  if (!isMet) missed.push(`${what}: ${value} ${unit}, ${yardstick}`);
}

/** A new page, once the browser is done with what it does by itself when it opens one: chromium loads its own start page beside it. */
async function quietPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.waitForTimeout(QUIET_MS);
  return page;
}

async function throttle(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: THROTTLED.cpu });
  await devtools.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: THROTTLED.latencyMs,
    downloadThroughput: THROTTLED.bytesPerSecond,
    uploadThroughput: THROTTLED.bytesPerSecond / 2,
  });
}

/** Notes, in each page that is opened from now on, when it first showed each of `selectors`: asked from outside, a slow page answers late. */
async function clock(context: BrowserContext, selectors: readonly string[]): Promise<void> {
  await context.addInitScript((wanted) => {
    const seen: Record<string, number> = {};
    Object.assign(window, { seen });
    const look = () => {
      for (const selector of wanted) {
        if (selector in seen || !document.querySelector(selector)) continue;
        seen[selector] = 0;
        // On the screen with the next frame.
        requestAnimationFrame(() => (seen[selector] = performance.now()));
      }
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-link"] });
  }, selectors);
}

/** Milliseconds from the start of the navigation until the page showed `selector`. */
async function until(page: Page, selector: string): Promise<number> {
  const shown = await page.waitForFunction((wanted) => (window as unknown as { seen: Record<string, number> }).seen[wanted], selector, { timeout: 60_000 });
  return Math.round(await shown.jsonValue() as number);
}

test("the size of what is loaded at first", () => {
  const page = readFileSync(join(DIST, "index.html"), "utf8");
  const named = [...page.matchAll(/<script[^>]* src="([^"]+)"/g)].map(([, path]) => path ?? "");
  const inside = readdirSync(join(DIST, "assets")).filter((name) => /^inside-.*\.js$/i.test(name)).map((name) => join("assets", name));
  const kB = (paths: readonly string[]) => {
    const bytes = paths.reduce((sum, path) => sum + gzipSync(readFileSync(join(DIST, path)), { level: 9 }).length, 0);
    return Math.round(bytes / 100) / 10;
  };
  judge("JavaScript before one can type, compressed", kB(named), "kB", { most: 120 });
  note("JavaScript before the lot is shown, compressed", `${kB([...named, ...inside])} kB`);
});

test("a throttled phone", async () => {
  const first = await visit(browser, daemon.url, { viewport: PHONE, isMobile: true, hasTouch: true });
  await clock(first.context, ["input[name=token]"]);
  await first.page.waitForTimeout(QUIET_MS);
  await throttle(first.page);
  await first.page.goto("/", { waitUntil: "commit" });
  judge("first visit on a throttled phone, until one can type", await until(first.page, "input[name=token]"), "ms", { most: 1_500 });
  await first.end();

  const { page, context } = await visit(browser, daemon.url, { viewport: PHONE, isMobile: true, hasTouch: true });
  await logIn(page, daemon.token);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.close();
  await clock(context, ["[data-slot]", ".pill[data-link=live]"]);
  const again = await quietPage(context);
  await throttle(again);
  await again.goto("/", { waitUntil: "commit" });
  judge("second visit there, until the last state is shown", await until(again, "[data-slot]"), "ms", { most: 1_500 });
  await expect.poll(() => again.locator("[data-slot]").count(), { timeout: 60_000 }).toBe(SLOTS);
  note("the same, until each of 2,000 slots is", `${await again.evaluate(() => Math.round(performance.now()))} ms`);
  note("the same, until it is live", `${await until(again, ".pill[data-link=live]")} ms`);
  await context.close();
});

test.each(["map", "grid"] as const)("2,000 slots at 50 changes a second: %s", async (shape) => {
  const { page, end } = await visit(browser, daemon.url, { viewport: DESKTOP });
  await page.addInitScript((kept) => localStorage.setItem("slots-as", kept), shape);
  await logIn(page, daemon.token);
  await expect.poll(() => page.locator("[data-slot]").count()).toBe(SLOTS);
  const stop = new AbortController();
  const feed = change(stop.signal);
  const watched = await page.evaluate(watch, WATCH_MS);
  stop.abort();
  const sent = await feed;
  const rate = sent.changes / sent.seconds;
  judge(`frames a second, ${shape}, ${rate.toFixed(0)} changes a second`, Math.round(watched.frames * 10) / 10, "", { least: 50 });
  note(`longest frame, ${shape}`, `${watched.longest.toFixed(0)} ms`);
  judge(`elements touched for each changed slot, ${shape}`, Math.round((watched.touched / Math.max(1, watched.seen)) * 100) / 100, "", { most: 1.5 });
  await end();
});

test("no limit is missed", () => {
  expect(missed).toEqual([]);
});

/** Changes slots, one after the other, as fast as is asked for. */
async function change(signal: AbortSignal): Promise<{ changes: number; seconds: number }> {
  const started = Date.now();
  let changes = 0;
  while (!signal.aborted) {
    const due = ((Date.now() - started) / 1_000) * CHANGES_PER_SECOND;
    const batch = Array.from({ length: Math.max(0, Math.floor(due) - changes) }, (_, at) => (changes + at) * 37);
    await Promise.all(batch.map((at) => daemon.ask("POST", `/api/slots/S-${(at % SLOTS) + 1}/toggle`)));
    changes += batch.length;
    await new Promise((done) => setTimeout(done, 20));
  }
  return { changes, seconds: (Date.now() - started) / 1_000 };
}

/** Runs in the page: counts frames, and which slots were touched. */
async function watch(ms: number): Promise<{ frames: number; longest: number; touched: number; seen: number }> {
  let [touched, seen] = [0, 0];
  const observer = new MutationObserver((records) => {
    const slots = records.map((record) => (record.target instanceof Element ? record.target.closest("[data-slot]") : null));
    touched += new Set(slots.filter(Boolean)).size;
    seen += new Set(records.filter((record) => record.attributeName === "data-state").map((record) => record.target)).size;
  });
  observer.observe(document.querySelector(".slots") ?? document.body, { subtree: true, attributes: true, childList: true, characterData: true });
  const started = performance.now();
  let [frames, longest, last] = [0, 0, started];
  await new Promise<void>((done) => {
    const frame = (now: number) => {
      frames += 1;
      longest = Math.max(longest, now - last);
      last = now;
      if (now - started < ms) requestAnimationFrame(frame);
      else done();
    };
    requestAnimationFrame(frame);
  });
  observer.disconnect();
  return { frames: (frames * 1_000) / (performance.now() - started), longest, touched, seen };
}
