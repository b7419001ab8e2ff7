// A yard with two slots as a camera would see it, drawn by the browser; no two pictures of it are the same to the last bit.
import type { Browser, Page } from "playwright-core";

export const WIDTH = 640;
export const HEIGHT = 480;
export const TOP = 160;
/** Of each slot, which is a square. */
export const SIDE = 150;
/** The left edge of each. */
export const SLOTS: Readonly<Record<string, number>> = { "A-01": 100, "A-02": 300 };

export class Yard {
  private number = 0;

  private constructor(private readonly page: Page) {}

  static async open(browser: Browser): Promise<Yard> {
    return new Yard(await browser.newPage());
  }

  /** A JPEG with vehicles on these slots. */
  async picture(occupied: readonly string[]): Promise<Uint8Array> {
    this.number += 1;
    const lefts = (wanted: boolean) => Object.entries(SLOTS).flatMap(([slot, left]) => (occupied.includes(slot) === wanted ? [left] : []));
    const base64 = await this.page.evaluate(paint, { width: WIDTH, height: HEIGHT, top: TOP, side: SIDE, taken: lefts(true), empty: lefts(false), number: this.number });
    return Buffer.from(base64, "base64");
  }
}

interface Scene {
  width: number;
  height: number;
  top: number;
  side: number;
  taken: number[];
  empty: number[];
  number: number;
}

/** Runs in the page. */
async function paint({ width, height, top, side, taken, empty, number }: Scene): Promise<string> {
  const isIn = (lefts: number[], x: number, y: number) => lefts.find((left) => x >= left && x < left + side && y >= top && y < top + side);
  const patch = (x: number, y: number) => {
    const mixed = Math.imul(Math.imul(Math.floor(x / 29), 7_919) + Math.imul(Math.floor(y / 23), 104_729), 0x9e3779b1) >>> 0;
    return 50 + ((mixed >>> 12) % 150);
  };
  const light = (x: number, y: number): number => {
    const left = isIn(taken, x, y);
    if (left === undefined) return isIn(empty, x, y) === undefined ? patch(x, y) : 112;
    const [dx, dy] = [x - left, y - top];
    const isVehicle = dx >= 20 && dx < side - 20 && dy >= 12 && dy < side - 12;
    if (!isVehicle) return 112;
    return (Math.floor(dx / 13) + Math.floor(dy / 17)) % 2 === 0 ? 35 : 215;
  };
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("there is no canvas");
  const image = context.createImageData(width, height);
  for (let at = 0; at < width * height; at += 1) {
    const value = light(at % width, Math.floor(at / width)) + ((at * 31 + number * 7_919) % 5);
    image.data.set([value, value, value, 255], at * 4);
  }
  context.putImageData(image, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 });
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
