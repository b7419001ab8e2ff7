// The regions of one camera while somebody draws them: each change makes another drawing, and can be taken back. Pure.
import type { Point, Polygon } from "./shape";
import { CORNERS_MAX, area, isRegion, moved, row, withCorner, withMoreCorners, withoutCorner } from "./shape";

export type Mode = "off" | "suggest" | "auto";
export const MODES = ["off", "suggest", "auto"] as const satisfies readonly Mode[];

export interface Drawn {
  /** For this drawing alone: regions have no other name before they have a slot. */
  readonly key: number;
  /** Code of its slot, once it has one. */
  readonly slot: string | null;
  readonly polygon: Polygon;
}

export interface Drawing {
  readonly mode: Mode;
  readonly regions: readonly Drawn[];
}

export interface Editor {
  /** Codes of the slots that may be seen, in the order in which they are drawn. */
  readonly codes: readonly string[];
  readonly now: Drawing;
  readonly past: readonly Drawing[];
  readonly future: readonly Drawing[];
  readonly selected: number | null;
  /** What the last change was of: many small ones of one thing are taken back at once. */
  readonly run: string | null;
  readonly nextKey: number;
}

/** Steps that can be taken back at most. */
const PAST_MAX = 200;
/** As many as the daemon takes. */
export const REGIONS_MAX = 200;
/** How far aside of the first a copy lies, as a part of the picture. */
const ASIDE = 0.03;
export const ROW_MAX = 40;

export type Action =
  | { type: "select"; key: number | null }
  | { type: "mode"; mode: Mode }
  | { type: "add"; polygon: Polygon }
  | { type: "remove"; key: number }
  | { type: "copy"; key: number }
  | { type: "move"; key: number; by: Point; run: string }
  | { type: "corner"; key: number; at: number; to: Point; run: string }
  | { type: "more"; key: number; at: number }
  | { type: "less"; key: number; at: number }
  | { type: "assign"; key: number; slot: string | null }
  | { type: "split"; key: number; parts: number }
  | { type: "replace"; drawing: Saved }
  /** Whatever moves next is another step. */
  | { type: "settle" }
  | { type: "undo" }
  | { type: "redo" };

/** Regions as they are saved, and as files have them. */
export interface Saved {
  mode: Mode;
  regions: readonly { slot: string; polygon: Polygon }[];
}

export function begin(saved: Saved, codes: readonly string[]): Editor {
  const regions = saved.regions.map(({ slot, polygon }, key) => ({ key, slot, polygon }));
  return { codes, now: { mode: saved.mode, regions }, past: [], future: [], selected: null, run: null, nextKey: regions.length };
}

export function reduce(editor: Editor, action: Action): Editor {
  const { now, past, future, nextKey } = editor;
  switch (action.type) {
    case "select":
      return { ...editor, selected: action.key, run: null };
    case "settle":
      return { ...editor, run: null };
    case "mode":
      return next(editor, { ...now, mode: action.mode });
    case "add":
      if (now.regions.length >= REGIONS_MAX) return editor;
      return { ...next(editor, put(now, { key: nextKey, slot: following(editor), polygon: action.polygon })), selected: nextKey, nextKey: nextKey + 1 };
    case "copy": {
      const from = find(editor, action.key);
      if (!from || now.regions.length >= REGIONS_MAX) return editor;
      const copy = { key: nextKey, slot: following(editor, from.slot), polygon: aside(from.polygon) };
      return { ...next(editor, put(now, copy)), selected: nextKey, nextKey: nextKey + 1 };
    }
    case "remove":
      return { ...next(editor, { ...now, regions: now.regions.filter(({ key }) => key !== action.key) }), selected: null };
    case "move":
      return reshape(editor, action.key, (polygon) => moved(polygon, action.by), action.run);
    case "corner":
      return reshape(editor, action.key, (polygon) => withCorner(polygon, action.at, action.to), action.run);
    case "more":
      return reshape(editor, action.key, (polygon) => withMoreCorners(polygon, action.at));
    case "less":
      return reshape(editor, action.key, (polygon) => withoutCorner(polygon, action.at));
    case "assign":
      return next(editor, {
        ...now,
        // A slot has one region in a picture: who had it before has none now.
        regions: now.regions.map((drawn) => (drawn.key === action.key ? { ...drawn, slot: action.slot } : drawn.slot === action.slot ? { ...drawn, slot: null } : drawn)),
      });
    case "split":
      return split(editor, action.key, action.parts);
    case "replace": {
      const regions = action.drawing.regions.map(({ slot, polygon }, at) => ({ key: nextKey + at, slot, polygon }));
      return { ...next(editor, { mode: action.drawing.mode, regions }), selected: null, nextKey: nextKey + regions.length };
    }
    case "undo": {
      const before = past.at(-1);
      if (!before) return editor;
      return { ...editor, now: before, past: past.slice(0, -1), future: [now, ...future], run: null };
    }
    case "redo": {
      const [after, ...rest] = future;
      if (!after) return editor;
      return { ...editor, now: after, past: [...past, now], future: rest, run: null };
    }
  }
}

export function find(editor: Editor, key: number | null): Drawn | null {
  return editor.now.regions.find((drawn) => drawn.key === key) ?? null;
}

/** Slots by code that have no region here. */
export function unseen({ codes, now }: Editor): string[] {
  const seen = new Set(now.regions.map(({ slot }) => slot));
  return codes.filter((code) => !seen.has(code));
}

/** The slot that somebody who has just drawn `last` most likely draws next. */
function following(editor: Editor, last = editor.now.regions.at(-1)?.slot ?? null): string | null {
  const left = unseen(editor);
  const from = last === null ? -1 : editor.codes.indexOf(last);
  return left.find((code) => editor.codes.indexOf(code) > from) ?? left[0] ?? null;
}

/** What can be saved of a drawing; null while a region has no slot or no proper form. */
export function saved({ mode, regions }: Drawing): Saved | null {
  const whole = regions.flatMap(({ slot, polygon }) => (slot !== null && isRegion(polygon) ? [{ slot, polygon }] : []));
  return whole.length === regions.length ? { mode, regions: whole } : null;
}

/** A file that holds no regions, or one that is none; counted from 1. */
export class BadFile extends Error {
  constructor(readonly at: number | null) {
    super(at === null ? "this is no file of regions" : `region ${at} of the file is not valid`);
    this.name = "BadFile";
  }
}

/** Regions out of a file, as `parkctl camera regions get` or this editor has written them. Throws `BadFile` where it is none. */
export function parse(text: string, mode: Mode): Saved {
  const file = read(text) as Partial<Saved> | null;
  const regions = file?.regions;
  if (!Array.isArray(regions) || regions.length > REGIONS_MAX) throw new BadFile(null);
  const told = file?.mode;
  return {
    mode: told !== undefined && MODES.includes(told) ? told : mode,
    regions: (regions as readonly { slot?: unknown; polygon?: unknown }[]).map(({ slot, polygon }, at) => {
      if (typeof slot !== "string" || !isPolygon(polygon) || !isRegion(polygon)) throw new BadFile(at + 1);
      return { slot, polygon };
    }),
  };
}

function read(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadFile(null);
  }
}

function isPolygon(value: unknown): value is Polygon {
  return Array.isArray(value) && value.length <= CORNERS_MAX && value.every((point) => Array.isArray(point) && point.length === 2 && point.every((part) => typeof part === "number"));
}

/** One step on, unless nothing has changed; a run of moves of one thing is one step. */
function next(editor: Editor, now: Drawing, run: string | null = null): Editor {
  const isOn = run !== null && run === editor.run;
  const past = isOn ? editor.past : [...editor.past, editor.now].slice(-PAST_MAX);
  return { ...editor, now, past, future: [], run };
}

function put(now: Drawing, drawn: Drawn): Drawing {
  return { ...now, regions: [...now.regions, drawn] };
}

function reshape(editor: Editor, key: number, change: (polygon: Polygon) => Polygon, run: string | null = null): Editor {
  const regions = editor.now.regions.map((drawn) => (drawn.key === key ? { ...drawn, polygon: change(drawn.polygon) } : drawn));
  return next({ ...editor, selected: key }, { ...editor.now, regions }, run);
}

/** The first bay of a row has the slot of the whole, the others those that follow. */
function split(editor: Editor, key: number, parts: number): Editor {
  const from = find(editor, key);
  const bays = from ? row(from.polygon, Math.min(parts, ROW_MAX)) : [];
  const others = editor.now.regions.filter((drawn) => drawn.key !== key);
  if (!from || bays.length < 2 || others.length + bays.length > REGIONS_MAX) return editor;
  let now: Drawing = { ...editor.now, regions: others };
  let slot = from.slot;
  for (const [at, polygon] of bays.entries()) {
    if (at > 0) slot = following({ ...editor, now }, slot);
    now = put(now, { key: editor.nextKey + at, slot, polygon });
  }
  return { ...next(editor, now), selected: editor.nextKey, nextKey: editor.nextKey + bays.length };
}

/** Beside where it was: to the right, or where the picture ends there, to the left. */
function aside(polygon: Polygon): Polygon {
  const width = Math.max(...polygon.map(([x]) => x)) - Math.min(...polygon.map(([x]) => x));
  const right = moved(polygon, [width + ASIDE, 0]);
  const isRoom = area(polygon) > 0 && (right[0]?.[0] ?? 0) - (polygon[0]?.[0] ?? 0) > width;
  return isRoom ? right : moved(polygon, [-width - ASIDE, 0]);
}
