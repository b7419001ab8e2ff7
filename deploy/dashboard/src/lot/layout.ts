// Where each slot is drawn: boxes on the plan from the positions alone, and rows of the grid. Pure.
import type { Slot } from "../api/types";

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Plan {
  boxes: ReadonlyMap<string, Box>;
  /** What the boxes cover, with a margin; in metres. */
  area: Box;
}

/** A bay without a neighbour, in metres. */
const BAY_WIDTH = 2.5;
const BAY_DEPTH = 5;
const BAY_WIDTH_MAX = 3.4;
const BAY_SIDE_MIN = 0.6;
/** Of the distance between two bays, what a bay takes; the rest is the line between them. */
const FILL = 0.92;
/** Neighbours are looked for this far, in metres. */
const REACH = 12;
const MARGIN = 2.6;

/**
 * A position is the middle of a bay; how it lies is read from its neighbours. Bays stand side by side along their short side, so the
 * nearest neighbour tells the direction of the row and the width of the bay, and the nearest one across the row bounds its depth.
 */
export function plan(slots: readonly Slot[]): Plan {
  const placed = slots.flatMap(({ id, position }) => (position ? [{ id, ...position }] : []));
  const cells = new Map<string, typeof placed>();
  const key = (x: number, y: number) => `${Math.floor(x / REACH)},${Math.floor(y / REACH)}`;
  for (const point of placed) {
    const cell = cells.get(key(point.x, point.y));
    if (cell) cell.push(point);
    else cells.set(key(point.x, point.y), [point]);
  }
  const boxes = new Map<string, Box>();
  for (const point of placed) {
    const near = [-REACH, 0, REACH].flatMap((dx) =>
      [-REACH, 0, REACH].flatMap((dy) => cells.get(key(point.x + dx, point.y + dy)) ?? []),
    );
    boxes.set(point.id, box(point, near));
  }
  return { boxes, area: around([...boxes.values()]) };
}

interface Point {
  id: string;
  x: number;
  y: number;
}

function box(point: Point, near: readonly Point[]): Box {
  const others = near
    .filter(({ id }) => id !== point.id)
    .map(({ x, y }) => ({ dx: Math.abs(x - point.x), dy: Math.abs(y - point.y) }))
    .filter(({ dx, dy }) => dx + dy > 0);
  const nearest = others.reduce<{ dx: number; dy: number } | null>(
    (best, next) => (!best || Math.hypot(next.dx, next.dy) < Math.hypot(best.dx, best.dy) ? next : best),
    null,
  );
  const isUpright = !nearest || nearest.dx >= nearest.dy;
  const along = nearest ? Math.max(nearest.dx, nearest.dy) * FILL : BAY_WIDTH;
  const width = Math.min(Math.max(along, BAY_SIDE_MIN), BAY_WIDTH_MAX);
  const across = others.filter(({ dx, dy }) => (isUpright ? dx : dy) < width / FILL / 2);
  const room = Math.min(...across.map(({ dx, dy }) => (isUpright ? dy : dx)), Infinity) * FILL;
  const depth = Math.max(Math.min((width / BAY_WIDTH / FILL) * BAY_DEPTH, BAY_DEPTH, room), BAY_SIDE_MIN);
  const [w, h] = isUpright ? [width, depth] : [depth, width];
  return { x: point.x - w / 2, y: point.y - h / 2, w, h };
}

export function around(boxes: readonly Box[], margin = MARGIN): Box {
  if (boxes.length === 0) return { x: 0, y: 0, w: 20, h: 10 };
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y, w, h } of boxes) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + w);
    bottom = Math.max(bottom, y + h);
  }
  return { x: left - margin, y: top - margin, w: right - left + 2 * margin, h: bottom - top + 2 * margin };
}

export type Direction = "left" | "right" | "up" | "down";

/** The next slot in a direction: near, and rather straight ahead than aside. */
export function neighbour(boxes: ReadonlyMap<string, Box>, from: string, direction: Direction): string | null {
  const here = boxes.get(from);
  if (!here) return null;
  const isAcross = direction === "left" || direction === "right";
  const sign = direction === "left" || direction === "up" ? -1 : 1;
  let best: { id: string; cost: number } | null = null;
  for (const [id, there] of boxes) {
    const dx = there.x + there.w / 2 - here.x - here.w / 2;
    const dy = there.y + there.h / 2 - here.y - here.h / 2;
    const [ahead, aside] = isAcross ? [dx * sign, Math.abs(dy)] : [dy * sign, Math.abs(dx)];
    if (ahead < 0.3 || aside > ahead * 3) continue;
    const cost = ahead + aside * 2.5;
    if (!best || cost < best.cost) best = { id, cost };
  }
  return best?.id ?? null;
}

/** Ids in rows of so many. */
export function rows(ids: readonly string[], columns: number): string[][] {
  const all: string[][] = [];
  for (let at = 0; at < ids.length; at += columns) all.push(ids.slice(at, at + columns));
  return all;
}

/** Where a key leads in rows of possibly different length; null when the key is no arrow. */
export function move(all: readonly (readonly string[])[], from: string, key: string): string | null {
  const row = all.findIndex((ids) => ids.includes(from));
  const column = all[row]?.indexOf(from) ?? -1;
  const flat = all.flat();
  const at = flat.indexOf(from);
  const pick = (ids: readonly string[] | undefined) => ids?.[Math.min(column, ids.length - 1)] ?? from;
  switch (key) {
    case "ArrowLeft":
      return flat[at - 1] ?? from;
    case "ArrowRight":
      return flat[at + 1] ?? from;
    case "ArrowUp":
      return pick(all[row - 1]);
    case "ArrowDown":
      return pick(all[row + 1]);
    case "Home":
      return all[row]?.[0] ?? from;
    case "End":
      return all[row]?.at(-1) ?? from;
    case "PageUp":
      return flat[0] ?? from;
    case "PageDown":
      return flat.at(-1) ?? from;
    default:
      return null;
  }
}
