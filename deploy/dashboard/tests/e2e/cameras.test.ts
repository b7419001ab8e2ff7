import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { violations } from "../axe";
import { logIn } from "../browser";
import { Stage } from "../stage";

const stage = Stage.set();

/** A picture that the browser itself has drawn. */
async function picture(colour: string): Promise<Uint8Array> {
  const page = await stage.browser.newPage({ viewport: { width: 320, height: 240 } });
  await page.setContent(`<body style="background:${colour}">`);
  const bytes = await page.screenshot({ type: "jpeg" });
  await page.close();
  return bytes;
}

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
