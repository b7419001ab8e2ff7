import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { logIn, slotOf, visit } from "../browser";
import { DIST, Daemon, LOT, REPOSITORY, binary } from "../daemon";
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
  // Who came before the daemon did may change something as soon as it is there.
  const panel = page.getByRole("dialog");
  await panel.getByText("Reserved", { exact: true }).click();
  await panel.getByRole("button", { name: "Save" }).click();
  await panel.locator(".now[data-state=reserved]").waitFor();
  await end();
});

test("who logs out without a network is told that this did not work, and is still there", async () => {
  const { page, context, end } = await stage.visit();
  await logIn(page, stage.daemon.token);
  await page.getByRole("button", { name: "Settings" }).click();
  await context.setOffline(true);
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await page.getByRole("alert").getByText("You are still logged in.").waitFor();
  await context.setOffline(false);
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await page.getByLabel("Token").waitFor();
  await end();
});

test("a sign that nobody stands before loads a newer build by itself", async () => {
  const root = mkdtempSync(join(tmpdir(), "parking-web-"));
  cpSync(DIST, root, { recursive: true });
  // Served as they are here, not as they were packed.
  for (const name of ["index.html", "worker.js"]) rmSync(join(root, `${name}.gz`), { force: true });
  const daemon = new Daemon([], root);
  await daemon.start();
  await daemon.fill(LOT);
  const { page, end } = await visit(stage.browser, daemon.url);
  await logIn(page, daemon.token);
  await page.goto("/?kiosk");
  await page.getByTestId("free-total").waitFor();
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  const change = (name: string, from: string, to: string) => writeFileSync(join(root, name), readFileSync(join(root, name), "utf8").replace(from, to));
  change("index.html", "<title>Parking</title>", "<title>Newer</title>");
  change("worker.js", '"parking-', '"parking-newer-');
  const loaded = page.waitForEvent("load");
  await page.evaluate(() => navigator.serviceWorker.getRegistration().then((registration) => registration?.update()).then(() => undefined));
  await loaded;
  expect(await page.evaluate(() => fetch("/").then((answer) => answer.text()))).toContain("<title>Newer</title>");
  await page.getByTestId("free-total").waitFor();
  await end();
  await daemon.end();
  rmSync(root, { recursive: true, force: true });
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
