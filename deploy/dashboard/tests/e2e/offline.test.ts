import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { logIn, slotOf } from "../browser";
import { DIST, REPOSITORY, binary } from "../daemon";
import { Stage } from "../stage";

/** What a phone has to load before it shows anything, in bytes. */
const INITIAL_BYTES_MAX = 120_000;

const stage = Stage.set({ isBare: true });

test("without a network the page opens on the last state, says how old it is, and takes no changes", async () => {
  const { page, context, end } = await stage.visit();
  await logIn(page, stage.daemon.token);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.reload();
  await page.locator(".pill[data-link=live]").waitFor();
  // The last state is written down when the page is left.
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await stage.daemon.stop();
  await context.setOffline(true);
  await page.reload();
  await page.getByText("Last known state").waitFor();
  expect(await page.locator("[data-slot]").count()).toBe(24);
  expect(await page.getByTestId("free-total").textContent()).toBe("16");
  await slotOf(page, "A-02").click();
  await page.getByRole("dialog").getByText("Changes need a connection.").waitFor();
  expect(await page.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
  await context.setOffline(false);
  await stage.daemon.start();
  await page.locator(".pill[data-link=live]").waitFor({ timeout: 40_000 });
  await end();
});

test("the page can be installed", async () => {
  const manifest = JSON.parse(readFileSync(join(DIST, "manifest.webmanifest"), "utf8")) as { icons: { src: string }[]; display: string };
  expect(manifest.display).toBe("standalone");
  for (const { src } of manifest.icons) {
    const answer = await fetch(stage.daemon.url + src);
    expect(answer.headers.get("Content-Type"), src).toMatch(/^image\//);
  }
});

test("what is loaded at first stays small", () => {
  const page = readFileSync(join(DIST, "index.html"), "utf8");
  const scripts = [...page.matchAll(/<script[^>]* src="([^"]+)"/g)].map(([, path]) => readFileSync(join(DIST, path ?? "")));
  const bytes = scripts.reduce((sum, script) => sum + gzipSync(script, { level: 9 }).length, 0);
  expect(scripts.length).toBeGreaterThan(1);
  expect(bytes).toBeLessThanOrEqual(INITIAL_BYTES_MAX);
  expect(page).not.toMatch(/<script(?![^>]* src=)|<style|style="|https?:\/\//);
});

test("the document that the types are made from is the daemon's", () => {
  const said = execFileSync(binary("parkd"), ["openapi"], { encoding: "utf8", maxBuffer: 16 * 1024 * 1024 });
  const committed = readFileSync(join(REPOSITORY, "deploy/dashboard/openapi.json"), "utf8");
  expect(committed, "run: target/debug/parkd openapi > deploy/dashboard/openapi.json").toBe(said);
});
