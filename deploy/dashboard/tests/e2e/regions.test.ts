import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { violations } from "../axe";
import { logIn, slotOf } from "../browser";
import { Stage } from "../stage";
import { HEIGHT, SIDE, SLOTS, TOP, WIDTH, Yard } from "../yard";

interface View {
  slot: string;
  view: { trust: string; capture: string | null };
}

const stage = Stage.set({ flags: ["--upload-rate=1000", "--write-rate=1000"] });
let yard: Yard;
beforeAll(async () => {
  await stage.daemon.ask("POST", "/api/cameras", { id: "cam-1", name: "North mast", zone: "A" });
  yard = await Yard.open(stage.browser);
  await shows([]);
});

const regions = () => stage.daemon.ask<{ mode: string; regions: { slot: string; polygon: [number, number][] }[] }>("GET", "/api/cameras/cam-1/regions");

/** Uploads a picture with vehicles on these slots, and waits until it was looked at, where regions are drawn. */
async function shows(occupied: readonly string[]): Promise<View[]> {
  const { id } = await stage.daemon.ask<{ id: string }>("POST", "/api/capture?camera=cam-1", await yard.picture(occupied));
  if ((await regions()).regions.length === 0) return [];
  let views: View[] = [];
  await expect
    .poll(
      async () => {
        views = await stage.daemon.ask<View[]>("GET", "/api/cameras/cam-1/views");
        return views[0]?.view.capture;
      },
      { timeout: 20_000 },
    )
    .toBe(id);
  return views;
}

const says = (slot: string, state: string) => stage.daemon.ask("PUT", `/api/slots/${slot}`, { state });

/** Where a pixel of the picture is on the screen. */
async function at(page: Page, x: number, y: number): Promise<[number, number]> {
  const box = await page.locator(".regions-picture").boundingBox();
  if (!box) throw new Error("the picture is not on the screen");
  return [box.x + (x / WIDTH) * box.width, box.y + (y / HEIGHT) * box.height];
}

function left(slot: string): number {
  return SLOTS[slot] ?? 0;
}

test("regions are drawn by hand, copied, nudged by keys, taken back and done again, and saved", async () => {
  const { page, end } = await stage.visit();
  await logIn(page, stage.daemon.token, "/cameras/cam-1");
  await page.getByRole("link", { name: "Slots in its picture" }).click();
  await page.locator(".regions-picture image").waitFor();
  await page.getByRole("button", { name: "Draw" }).click();
  const x = left("A-01");
  for (const [dx, dy] of [[0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]] as const) await page.mouse.click(...(await at(page, x + dx, TOP + dy)));
  await page.mouse.click(...(await at(page, x + 1, TOP + 1)));
  await page.locator('[data-region="A-01"]').waitFor();
  await page.getByRole("button", { name: "Draw" }).click();
  expect(await violations(page)).toEqual([]);

  const first = page.locator('[data-region="A-01"]');
  await first.focus();
  await page.keyboard.press("d");
  const second = page.locator('[data-region="A-02"]');
  await second.focus();
  for (let presses = 0; presses < 3; presses += 1) await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("ArrowRight");
  const label = () => page.locator('.region-corner[data-corner="0"]').getAttribute("aria-label");
  const moved = await label();
  await page.keyboard.press("Control+z");
  expect(await label()).not.toBe(moved);
  await page.keyboard.press("Control+Shift+z");
  expect(await label()).toBe(moved);

  // What is not saved is not lost by a slip: whoever is asked stays.
  const asked = page.waitForEvent("dialog");
  await Promise.all([asked.then((dialog) => dialog.dismiss()), page.locator(".nav").getByText("Lot", { exact: true }).click()]);
  expect(new URL(page.url()).pathname).toBe("/cameras/cam-1/regions");
  await second.focus();

  // A corner is dragged away, and the drag taken back in one step.
  await page.mouse.move(...(await at(page, left("A-02"), TOP)));
  await page.mouse.down();
  await page.mouse.move(...(await at(page, left("A-02") - 20, TOP - 30)), { steps: 5 });
  await page.mouse.up();
  expect(await label()).not.toBe(moved);
  await page.getByRole("button", { name: "Undo" }).click();
  expect(await label()).toBe(moved);

  await page.getByText("Set", { exact: true }).click();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Saved").waitFor();
  const saved = await regions();
  expect(saved.mode).toBe("auto");
  expect(saved.regions.map(({ slot }) => slot)).toEqual(["A-01", "A-02"]);
  for (const { slot, polygon } of saved.regions) {
    expect(polygon).toHaveLength(4);
    const [px, py] = polygon[0] ?? [0, 0];
    expect(Math.abs(px * WIDTH - left(slot)), slot).toBeLessThan(2);
    expect(Math.abs(py * HEIGHT - TOP), slot).toBeLessThan(2);
  }
  await end();
});

test("a region is split into a row, and the drawing goes out as a file and comes back", async () => {
  const { page, end } = await stage.visit();
  await logIn(page, stage.daemon.token, "/cameras/cam-1/regions");
  await page.locator('[data-region="A-02"]').waitFor();
  const width = () => page.locator(".regions-picture").evaluate((element) => element.getBoundingClientRect().width);
  const fitting = await width();
  await page.getByRole("button", { name: "Zoom in" }).click();
  expect(await width()).toBeCloseTo(fitting * 1.5, 0);
  await page.getByRole("button", { name: "Zoom out" }).click();
  // By keys alone: a region, and one of its corners.
  await page.getByRole("button", { name: "Add in the middle" }).focus();
  await page.keyboard.press("Enter");
  const corner = page.locator('.region-corner[data-corner="1"]');
  await corner.focus();
  const before = await corner.getAttribute("aria-label");
  await page.keyboard.press("Shift+ArrowDown");
  expect(await corner.getAttribute("aria-label")).not.toBe(before);
  await page.keyboard.press("Control+z");
  expect(await corner.getAttribute("aria-label")).toBe(before);
  await page.getByLabel("Row of").fill("4");
  await page.getByRole("button", { name: "Split into a row" }).click();
  for (const code of ["A-03", "A-04", "A-05", "A-06"]) await page.locator(`[data-region="${code}"]`).waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as a file" }).click()]);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("button", { name: "Undo" }).click();
  expect(await page.locator(".region").count()).toBe(2);
  await page.locator("input[type=file]").setInputFiles(await download.path());
  await page.locator('[data-region="A-06"]').waitFor();
  await page.locator("input[type=file]").setInputFiles({ name: "other.json", mimeType: "application/json", buffer: Buffer.from("[]") });
  await page.getByRole("alert").getByText("no file of regions").waitFor();
  // What was drawn and is not saved is gone with the page, and nothing of it at the daemon.
  page.on("dialog", (dialog) => void dialog.accept());
  await page.reload();
  expect((await regions()).regions).toHaveLength(2);
  await end();
});

test("a camera that agreed with people sets the slot from its pictures and says why, and a person has the last word", async () => {
  const { page, end } = await stage.visit();
  await logIn(page, stage.daemon.token, "/cameras/cam-1/regions");
  await page.getByRole("button", { name: "These are empty now" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "All of them are empty" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  for (let shown = 0; shown < 3; shown += 1) await shows([]);
  const trust = (views: View[]) => views.find(({ slot }) => slot === "A-01")?.view.trust;
  let views = await shows([]);
  for (let round = 0; round < 40 && trust(views) !== "automatic"; round += 1) {
    const isOccupied = round % 3 === 1;
    await says("A-01", isOccupied ? "occupied" : "free");
    views = await shows(isOccupied ? ["A-01"] : []);
  }
  expect(trust(views)).toBe("automatic");
  await says("A-01", "free");
  await shows([]);
  await page.locator(".region-list li").filter({ hasText: "A-01" }).getByText("Automatic").waitFor({ timeout: 40_000 });

  await page.goto("/");
  await page.locator('[data-slot][aria-label^="A-01, Free"]').waitFor();
  await shows(["A-01"]);
  await shows(["A-01"]);
  await page.locator('[data-slot][aria-label^="A-01, Occupied"]').waitFor();

  await slotOf(page, "A-01").click();
  const panel = page.getByRole("dialog");
  await panel.getByText("What cameras see").waitFor();
  await panel.getByText(/It (set the slot|sees the slot as it is)\./).waitFor();
  await panel.getByText(/Edges \+0\.\d\d over empty/).waitFor();
  await panel.getByRole("img", { name: "A-01, Empty" }).waitFor();
  await panel.getByText("by camera").waitFor();
  expect(await violations(page)).toEqual([]);

  // A person says otherwise: that holds, the camera's view is shown, and the person may think better of it.
  await says("A-01", "free");
  await panel.locator(".now[data-state=free]").waitFor();
  await shows(["A-01"]);
  await panel.getByText("North mast sees it occupied.").waitFor({ timeout: 40_000 });
  expect(await stage.daemon.ask("GET", "/api/slots/A-01")).toMatchObject({ state: "free", source: "manual" });
  await panel.getByRole("button", { name: "It is occupied" }).click();
  await panel.locator(".now[data-state=occupied]").waitFor();
  await end();
});
