// A real browser, as people have it: one for a file of tests, a fresh profile for each test.
import { existsSync } from "node:fs";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { expect } from "vitest";

const CHROMIUM = "/usr/bin/chromium";
/** Longest wait for something on a page: a machine may be busy. */
const WAIT_MS_MAX = 20_000;
export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1440, height: 900 };

export async function launch(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is missing: run .ci/tools`);
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"] });
}

export interface Visit {
  page: Page;
  context: BrowserContext;
  /** What the browser complained about. A test that ends with any fails. */
  complaints: string[];
  end: () => Promise<void>;
}

export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: DESKTOP, locale: "en-GB", baseURL: url, ...options });
  context.setDefaultTimeout(WAIT_MS_MAX);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // Refusals and losses are part of what is tested; a policy that was broken, or a warning of React, is not.
    if (["error", "warning"].includes(message.type()) && !/Failed to load resource|WebSocket connection/.test(message.text())) {
      complaints.push(message.text());
    }
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith("blob:")) complaints.push(`asks a stranger: ${request.url()}`);
  });
  const end = async () => {
    await context.close();
    expect(complaints).toEqual([]);
  };
  return { page, context, complaints, end };
}

export async function logIn(page: Page, token: string, path = "/"): Promise<void> {
  await page.goto(path);
  await page.locator("input[name=token]").fill(token);
  await page.locator("button[type=submit]").click();
  await page.locator(".pill[data-link=live]").waitFor();
}

/** The element of a slot on map or grid. */
export function slotOf(page: Page, code: string) {
  return page.locator(`[data-slot][aria-label^="${code},"]`);
}

/** A picture that the browser itself has drawn. */
export async function picture(browser: Browser, colour: string): Promise<Uint8Array> {
  const page = await browser.newPage({ viewport: { width: 320, height: 240 } });
  await page.setContent(`<body style="background:${colour}">`);
  const bytes = await page.screenshot({ type: "jpeg" });
  await page.close();
  return bytes;
}
