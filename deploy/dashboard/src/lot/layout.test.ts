import { expect, test } from "vitest";
import type { Slot } from "../api/types";
import { fixture } from "../fixtures";
import { move, neighbour, plan, rows } from "./layout";

const bare = fixture<Slot>("slot");
const slot = (id: string, x: number, y: number): Slot => ({ ...bare, id, position: { x, y } });

test("bays side by side stand upright, bays one above the other lie, and none covers another", () => {
  const upright = plan([slot("a", 0, 0), slot("b", 2.5, 0), slot("c", 5, 0), slot("d", 0, 6), slot("e", 2.5, 6)]);
  const lying = plan([slot("a", 0, 0), slot("b", 0, 2.5), slot("c", 0, 5)]);
  const a = upright.boxes.get("a");
  const b = lying.boxes.get("b");
  expect(a && a.h > a.w).toBe(true);
  expect(b && b.w > b.h).toBe(true);
  for (const { boxes } of [upright, lying]) {
    for (const one of boxes.values()) {
      for (const other of boxes.values()) {
        const isApart = one.x + one.w <= other.x || other.x + other.w <= one.x || one.y + one.h <= other.y || other.y + other.h <= one.y;
        expect(one === other || isApart).toBe(true);
      }
    }
  }
});

test("slots without a position have no place on the plan", () => {
  expect(plan([{ ...bare, position: null }]).boxes.size).toBe(0);
});

test("on the map an arrow leads to the bay that lies there", () => {
  const { boxes } = plan([slot("a", 0, 0), slot("b", 2.5, 0), slot("c", 5, 0), slot("d", 0.2, 12), slot("e", 5.2, 12)]);
  expect(neighbour(boxes, "a", "right")).toBe("b");
  expect(neighbour(boxes, "c", "left")).toBe("b");
  expect(neighbour(boxes, "c", "down")).toBe("e");
  expect(neighbour(boxes, "d", "up")).toBe("a");
  expect(neighbour(boxes, "a", "left")).toBeNull();
});

test("in the grid arrows walk through rows of different length", () => {
  const all = [...rows(["a", "b", "c", "d", "e"], 3), ["x"]];
  expect(all).toEqual([["a", "b", "c"], ["d", "e"], ["x"]]);
  expect(move(all, "c", "ArrowDown")).toBe("e");
  expect(move(all, "e", "ArrowDown")).toBe("x");
  expect(move(all, "c", "ArrowRight")).toBe("d");
  expect(move(all, "a", "ArrowUp")).toBe("a");
  expect(move(all, "b", "End")).toBe("c");
  expect(move(all, "x", "PageUp")).toBe("a");
  expect(move(all, "a", "q")).toBeNull();
});
