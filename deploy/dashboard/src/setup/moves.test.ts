import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Slot } from "../api/types";
import { fixture } from "../fixtures";
import type { Point } from "./moves";
import { Moves } from "./moves";

const REST_MS = 600;
let sent: { id: string; rev: number; point: Point; answer: (rev: number) => void; refuse: () => void }[];
let slots: Map<string, Slot>;
let seq: number;
let failed: unknown[];
let moves: Moves;

beforeEach(() => {
  vi.useFakeTimers();
  [sent, failed, seq] = [[], [], 10];
  slots = new Map(["a", "b"].map((id) => [id, { ...fixture<Slot>("slot"), id, rev: 5 }]));
  moves = new Moves({
    slot: (id) => slots.get(id),
    seq: () => seq,
    send: (slot, rev, point) =>
      new Promise((done, fail) => {
        sent.push({ id: slot.id, rev, point, answer: (next) => done({ rev: next, seq: next }), refuse: () => fail(new Error("refused")) });
      }),
    changed: () => undefined,
    failed: (error) => failed.push(error),
  });
});
afterEach(() => {
  vi.useRealTimers();
});

const nudge = (id: string, x: number) => {
  moves.put(id, { x, y: 0 });
  moves.save(id, REST_MS);
};
const pause = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test("two bays that are nudged one soon after the other are both saved", async () => {
  nudge("a", 1);
  await pause(REST_MS / 2);
  nudge("b", 2);
  await pause(REST_MS);
  expect(sent.map(({ id, point }) => [id, point.x])).toEqual([["a", 1], ["b", 2]]);
});

test("a bay is shown where it was put until its event has come, and never back where it was", async () => {
  nudge("a", 1);
  await pause(REST_MS);
  sent[0]?.answer(11);
  await pause(0);
  expect(moves.points().get("a")).toEqual({ x: 1, y: 0 });
  seq = 11;
  moves.settle();
  expect(moves.points().size).toBe(0);
});

test("a key that is pressed while a save is under way is saved after it, over what that left", async () => {
  nudge("a", 1);
  await pause(REST_MS);
  nudge("a", 2);
  await pause(REST_MS);
  expect(sent).toHaveLength(1);
  sent[0]?.answer(11);
  await pause(0);
  expect(sent.map(({ rev, point }) => [rev, point.x])).toEqual([[5, 1], [11, 2]]);
  sent[1]?.answer(12);
  seq = 12;
  await pause(0);
  expect(moves.points().size).toBe(0);
});

test("a move that is refused is said to be, and the bay is where it was", async () => {
  nudge("a", 1);
  await pause(REST_MS);
  sent[0]?.refuse();
  await pause(0);
  expect([failed.length, moves.points().size]).toEqual([1, 0]);
});

test("who leaves at once has saved all the same", async () => {
  nudge("a", 1);
  moves.flush();
  await pause(0);
  expect(sent).toHaveLength(1);
});
