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

function note(what: string, value: string, yardstick: string): void {
  report.push(`${what.padEnd(58)} ${value.padStart(14)}   ${yardstick}`);
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

/** Milliseconds from the start of the navigation until `selector` is there, by the clock of the page. */
async function until(page: Page, selector: string): Promise<number> {
  await page.locator(selector).first().waitFor({ timeout: 60_000 });
  return page.evaluate(() => Math.round(performance.now()));
}

test("the size of what is loaded at first", () => {
  const page = readFileSync(join(DIST, "index.html"), "utf8");
  const named = [...page.matchAll(/<script[^>]* src="([^"]+)"/g)].map(([, path]) => path ?? "");
  const inside = readdirSync(join(DIST, "assets")).filter((name) => /^inside-.*\.js$/i.test(name)).map((name) => join("assets", name));
  const kB = (paths: readonly string[]) => {
    const bytes = paths.reduce((sum, path) => sum + gzipSync(readFileSync(join(DIST, path)), { level: 9 }).length, 0);
    return `${(bytes / 1_000).toFixed(1)} kB`;
  };
  note("JavaScript before one can type, compressed", kB(named), "at most 120 kB");
  note("JavaScript before the lot is shown, compressed", kB([...named, ...inside]), "");
});

test("a throttled phone", async () => {
  const first = await visit(browser, daemon.url, { viewport: PHONE, isMobile: true, hasTouch: true });
  await first.page.waitForTimeout(QUIET_MS);
  await throttle(first.page);
  await first.page.goto("/", { waitUntil: "commit" });
  note("first visit on a throttled phone, until one can type", `${await until(first.page, "input[name=token]")} ms`, "at most 1,500 ms");
  await first.end();

  const { page, context } = await visit(browser, daemon.url, { viewport: PHONE, isMobile: true, hasTouch: true });
  await logIn(page, daemon.token);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.close();
  const again = await quietPage(context);
  await throttle(again);
  await again.goto("/", { waitUntil: "commit" });
  note("second visit there, until the last state is shown", `${await until(again, "[data-slot]")} ms`, "at most 1,500 ms");
  await expect.poll(() => again.locator("[data-slot]").count(), { timeout: 60_000 }).toBe(SLOTS);
  note("the same, until each of 2,000 slots is", `${await again.evaluate(() => Math.round(performance.now()))} ms`, "");
  note("the same, until it is live", `${await until(again, ".pill[data-link=live]")} ms`, "");
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
  note(`frames a second, ${shape}, ${rate.toFixed(0)} changes a second`, watched.frames.toFixed(1), "above 50");
  note(`longest frame, ${shape}`, `${watched.longest.toFixed(0)} ms`, "");
  note(`elements touched for each changed slot, ${shape}`, (watched.touched / Math.max(1, watched.seen)).toFixed(2), "1");
  expect(watched.touched).toBeLessThan(watched.seen * 1.5 + 50);
  await end();
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
