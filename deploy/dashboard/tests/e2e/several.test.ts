import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, logIn, slotOf, visit } from "../browser";
import { Daemon, LOT } from "../daemon";
import { Nginx } from "../nginx";
import { Postgres } from "../postgres";

let browser: Browser;
let postgres: Postgres;
let daemons: [Daemon, Daemon];
let nginx: Nginx;
beforeAll(async () => {
  [browser, postgres] = await Promise.all([launch(), Postgres.start()]);
  const flags = ["--trusted-proxies", "127.0.0.1", "--database-url", postgres.url];
  const first = await Daemon.start(...flags);
  daemons = [first, await Daemon.start(...flags)];
  nginx = await Nginx.before(...daemons);
  await first.fill(LOT);
});
afterAll(async () => {
  await browser.close();
  await nginx.end();
  await Promise.all(daemons.map((daemon) => daemon.end()));
  await postgres.end();
});

test("behind nginx either of two daemons may go and come back, and the page follows and changes the lot through the other", async () => {
  const { page, end } = await visit(browser, nginx.url);
  const [first, second] = daemons;
  const { token } = first;
  await logIn(page, token);
  const pairs: [Daemon, Daemon, string][] = [
    [first, second, "A-02"],
    [second, first, "A-03"],
  ];
  for (const [gone, there, code] of pairs) {
    await gone.stop("SIGKILL");
    await there.ask("PUT", `/api/slots/${code}`, { state: "reserved" }, token);
    await page.locator(`[data-slot][aria-label="${code}, Reserved"]`).waitFor({ timeout: 60_000 });
    await page.locator(".pill[data-link=live]").waitFor({ timeout: 60_000 });
    await slotOf(page, code).click();
    const panel = page.getByRole("dialog");
    await panel.getByText("Occupied", { exact: true }).first().click();
    await panel.getByRole("button", { name: "Save" }).click();
    await panel.locator(".now[data-state=occupied]").waitFor();
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
    await gone.start();
  }
  expect(await first.ask("GET", "/api/slots/A-03", undefined, token)).toMatchObject({ state: "occupied" });
  await end();
});
