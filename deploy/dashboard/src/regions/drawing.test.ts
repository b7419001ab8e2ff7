import { expect, test } from "vitest";
import type { Action, Editor, Saved } from "./drawing";
import { begin, find, parse, reduce, saved, unseen } from "./drawing";
import type { Polygon } from "./shape";
import { area, fresh, isRegion, moved, row, withMoreCorners, withoutCorner } from "./shape";

const SQUARE: Polygon = [
  [0.2, 0.2],
  [0.4, 0.2],
  [0.4, 0.6],
  [0.2, 0.6],
];
const ONE: Saved = { mode: "off", regions: [{ slot: "A-01", polygon: SQUARE }] };

const CODES = ["A-01", "A-02", "A-03", "A-04"];

function after(...actions: Action[]): Editor {
  return actions.reduce(reduce, begin(ONE, CODES));
}

test("what is dragged stays in the picture and keeps its form", () => {
  expect(moved(SQUARE, [0.1, -0.1])[0]).toEqual([0.3, 0.1]);
  const far = moved(SQUARE, [5, 5]);
  expect(far[2]).toEqual([1, 1]);
  expect(area(far)).toBeCloseTo(area(SQUARE), 6);
  expect(fresh([0, 0]).flat().every((value) => value >= 0)).toBe(true);
});

test("a region has three to sixteen corners, some area, and no side across another", () => {
  let polygon = SQUARE;
  for (let more = 0; more < 20; more += 1) polygon = withMoreCorners(polygon, 0);
  expect(polygon).toHaveLength(16);
  expect(isRegion(polygon)).toBe(true);
  for (let less = 0; less < 20; less += 1) polygon = withoutCorner(polygon, 0);
  expect(polygon).toHaveLength(3);
  const [a, b, c, d] = SQUARE as [Polygon[0], Polygon[0], Polygon[0], Polygon[0]];
  expect(isRegion([a, c, b, d] as Polygon)).toBe(false);
  expect(isRegion([a, b] as Polygon)).toBe(false);
  expect(isRegion([a, a, a] as Polygon)).toBe(false);
});

test("a row is cut evenly on the ground: even where it is seen from above, ever smaller where it goes away", () => {
  const even = row([[0, 0], [0.9, 0], [0.9, 0.3], [0, 0.3]], 3);
  expect(even.map((bay) => bay[1]?.[0])).toEqual([0.3, 0.6, 0.9]);
  const away = row([[0.1, 0.9], [0.6, 0.5], [0.7, 0.52], [0.5, 0.95]], 4);
  const areas = away.map(area);
  expect(areas).toEqual(areas.toSorted((a, b) => b - a));
  expect(away.every(isRegion)).toBe(true);
  expect(away[3]?.[1]).toEqual([0.6, 0.5]);
  expect(row(SQUARE.slice(0, 3), 2)).toEqual([]);
});

test("each change can be taken back and done again, and a drag is one change", () => {
  const drag = [1, 2, 3].map((): Action => ({ type: "move", key: 0, by: [0.01, 0], run: "drag" }));
  const editor = after(...drag, { type: "settle" }, { type: "copy", key: 0 });
  expect(editor.past).toHaveLength(2);
  expect(find(editor, 0)?.polygon[0]).toEqual([0.23, 0.2]);
  const back = [{ type: "undo" }, { type: "undo" }, { type: "undo" }].reduce((each, action) => reduce(each, action as Action), editor);
  expect(saved(back.now)).toEqual(ONE);
  const again = reduce(reduce(back, { type: "redo" }), { type: "redo" });
  expect(again.now).toEqual(editor.now);
  expect(reduce(reduce(editor, { type: "undo" }), { type: "add", polygon: SQUARE }).future).toEqual([]);
});

test("a copy lies beside the first and is of the next slot, and what has no slot is not saved", () => {
  const editor = after({ type: "copy", key: 0 });
  expect(editor.selected).toBe(1);
  expect(find(editor, 1)?.polygon[0]?.[0]).toBeCloseTo(0.43, 5);
  expect(saved(editor.now)?.regions.map(({ slot }) => slot)).toEqual(["A-01", "A-02"]);
  expect(unseen(editor)).toEqual(["A-03", "A-04"]);
  expect(saved(reduce(editor, { type: "assign", key: 1, slot: null }).now)).toBeNull();
});

test("a slot has one region: the second takes it from the first", () => {
  const editor = after({ type: "add", polygon: SQUARE }, { type: "assign", key: 1, slot: "A-01" });
  expect(editor.now.regions.map(({ slot }) => slot)).toEqual([null, "A-01"]);
});

test("a region of four corners is split into a row of slots", () => {
  const editor = after({ type: "split", key: 0, parts: 3 });
  expect(editor.now.regions.map(({ slot }) => slot)).toEqual(["A-01", "A-02", "A-03"]);
  expect(editor.now.regions.every(({ polygon }) => isRegion(polygon))).toBe(true);
  expect(after({ type: "less", key: 0, at: 0 }, { type: "split", key: 0, parts: 2 }).now.regions).toHaveLength(1);
  expect(after({ type: "split", key: 0, parts: 6 }).now.regions.map(({ slot }) => slot)).toEqual(["A-01", "A-02", "A-03", "A-04", null, null]);
});

test("what was saved as a file is read again, and what is no such file is refused by its place", () => {
  const text = JSON.stringify({ camera: "cam-1", rev: 7, ...ONE });
  expect(parse(text, "auto")).toEqual(ONE);
  expect(parse('{"regions": []}', "suggest")).toEqual({ mode: "suggest", regions: [] });
  for (const [bad, why] of [
    ["[]", "no file of regions"],
    ['{"regions": [{"slot": "A-01", "polygon": [[0, 0], [1, 1]]}]}', "region 1 of"],
    ['{"regions": [{"slot": 7, "polygon": []}]}', "region 1 of"],
    ['{"regions": [{"slot": "A", "polygon": [[0, 0], [2, 0], [2, 2]]}]}', "region 1 of"],
  ] as const) {
    expect(() => parse(bad, "off"), bad).toThrow(why);
  }
  expect(() => parse("{", "off")).toThrow();
});
