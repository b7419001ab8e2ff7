import { expect, test, vi } from "vitest";
import type { Event, Slot } from "../api/types";
import { fixture } from "../fixtures";
import { occupancy } from "./counts";
import type { Follower } from "./follower";
import { follow, open, step } from "./follower";
import type { Snapshot } from "./frames";
import { LotStore } from "./store";

const snapshot = fixture<Snapshot>("frame.snapshot");
const [first, second] = snapshot.slots as [Slot, Slot];
const status = { state: "live", offlineSince: null, retryAt: null, freshAt: 1, reason: null, code: null, degraded: null } as const;

function setUp() {
  let flush = () => {};
  const store = new LotStore(null, (next) => (flush = next));
  const opened = open(follow("main", null));
  let follower: Follower = step(step(opened, fixture("frame.hello")).follower, snapshot).follower;
  store.accept({ follower, events: [], end: null }, status);
  flush();
  const set = (slot: Slot) => {
    const seq = (follower.lot?.seq ?? 0) + 1;
    const event: Event = { ...fixture<Event>("event.slot.changed"), kind: "slot.changed", seq, data: { slot: { ...slot, rev: seq } } };
    const done = step(follower, { type: "events", events: [event] });
    follower = done.follower;
    store.accept(done, status);
    return seq;
  };
  return { store, set, flush: () => flush() };
}

test("only those who show a slot are told of its change, once per painted frame", () => {
  const { store, set, flush } = setUp();
  const [one, other, all] = [vi.fn(), vi.fn(), vi.fn()];
  store.subscribeSlot(first.id, one);
  store.subscribeSlot(second.id, other);
  store.subscribe(all);
  set({ ...first, state: "free" });
  set({ ...first, state: "occupied" });
  set({ ...first, state: "reserved" });
  expect(one).not.toHaveBeenCalled();
  flush();
  expect([one, other, all].map((listener) => listener.mock.calls.length)).toEqual([1, 0, 1]);
  expect(store.slot(first.id)?.state).toBe("reserved");
});

test("a wish is pending until its event has come, and the slot stays what it was", () => {
  const { store, set, flush } = setUp();
  store.pend(first.id, { state: "free", seq: null });
  flush();
  expect(store.slot(first.id)?.state).toBe("occupied");
  expect(store.view().pending.has(first.id)).toBe(true);
  store.pend(first.id, { state: "free", seq: 1044 });
  set({ ...second, state: "free" });
  flush();
  expect(store.view().pending.has(first.id)).toBe(true);
  set({ ...first, state: "free" });
  flush();
  expect(store.view().pending.has(first.id)).toBe(false);
  expect(store.slot(first.id)?.state).toBe("free");
});

test("an event that was faster than the answer leaves nothing pending", () => {
  const { store, set, flush } = setUp();
  store.pend(first.id, { state: "free", seq: null });
  const seq = set({ ...first, state: "free" });
  store.pend(first.id, { state: "free", seq });
  flush();
  expect(store.view().pending.size).toBe(0);
});

test("unknown is never counted as free, and the rate is of what can be observed", () => {
  const { store, set, flush } = setUp();
  expect(store.counts().all).toMatchObject({ total: 2, free: 0, occupied: 1, unknown: 1 });
  expect(occupancy(store.counts().all)).toBe(1);
  set({ ...first, state: "unknown" });
  flush();
  expect(occupancy(store.counts().all)).toBeNull();
  expect([...store.counts().zones.keys()]).toEqual(["North", null]);
});

test("who follows events is told when some were passed over", () => {
  const { store, set } = setUp();
  const heard = vi.fn();
  store.subscribeEvents(heard);
  set({ ...first, state: "free" });
  expect(heard).toHaveBeenLastCalledWith([expect.objectContaining({ kind: "slot.changed" })], true);
  // After a long absence there is a snapshot instead.
  const opened = step(open(follow("main", store.view().lot)), fixture("frame.hello")).follower;
  const { follower } = step(opened, { ...snapshot, seq: store.seq() + 100 });
  store.accept({ follower, events: [], end: null }, status);
  expect(heard).toHaveBeenLastCalledWith([], false);
  expect(heard).toHaveBeenCalledTimes(2);
});
