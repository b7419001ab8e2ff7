import { expect, test } from "vitest";
import type { Camera, Capture, Event, LogEntry, Slot } from "../api/types";
import { fixture, fixtureNames } from "../fixtures";
import type { Frame, Lagged, Snapshot } from "./frames";
import { parse } from "./frames";
import type { LotState } from "./lot";
import { begin, collapse, reduce, reduceAll } from "./lot";

const snapshot = fixture<Snapshot>("frame.snapshot");
const start = begin("7c9e6679f42b4d1a", snapshot);
const [first, second] = snapshot.slots as [Slot, Slot];

/** The same event with other content, next in the log. */
function next(lot: LotState, event: Event): Event {
  return { ...event, seq: lot.seq + 1 };
}

test("a snapshot is the whole of the lot", () => {
  expect(start.seq).toBe(1042);
  expect(start.order.map((id) => start.slots.get(id)?.code)).toEqual(["A-12", "B.7_x"]);
  expect(start.cameras.get("cam-1")?.contact?.health?.rssi_dbm).toBe(-67);
});

test("every golden event is taken, moves the place in the log on, and changes nothing that it is not about", () => {
  const names = fixtureNames("event.").filter((name) => !name.includes("audited"));
  expect(names.length).toBeGreaterThan(12);
  for (const name of names) {
    const event = next(start, fixture<Event>(name));
    const after = reduce(start, event);
    expect(after.seq, name).toBe(start.seq + 1);
    if (!name.startsWith("event.slot.")) expect(after.slots, name).toBe(start.slots);
    if (!name.startsWith("event.lot.")) expect(after.lot, name).toBe(start.lot);
    if (!/event\.(camera|capture)/.test(name)) expect(after.cameras, name).toBe(start.cameras);
    expect(start.slots.size, name).toBe(2);
  }
});

test("a changed slot is another object, and the others are the same", () => {
  const event = next(start, { ...fixture<Event>("event.slot.changed") });
  if (event.kind !== "slot.changed") throw new Error("the fixture is another");
  event.data = { slot: { ...first, state: "free", rev: event.seq } };
  const after = reduce(start, event);
  expect(after.slots.get(first.id)?.state).toBe("free");
  expect(after.slots.get(second.id)).toBe(start.slots.get(second.id));
  expect(after.order).toBe(start.order);
});

test("a new slot stands where people look for it, and a deleted one is gone", () => {
  const created = fixture<Event>("event.slot.created");
  if (created.kind !== "slot.created") throw new Error("the fixture is another");
  const slot = { ...created.data.slot, id: "new", code: "A-2" };
  const grown = reduce(start, next(start, { ...created, data: { slot } }));
  expect(grown.order.map((id) => grown.slots.get(id)?.code)).toEqual(["A-2", "A-12", "B.7_x"]);
  const shrunk = reduce(grown, next(grown, fixture<Event>("event.slot.deleted")));
  expect(shrunk.order.map((id) => shrunk.slots.get(id)?.code)).toEqual(["A-2", "B.7_x"]);
});

test("a slot that was moved is laid out anew, one that was merely taken is not", () => {
  const changed = fixture<Event>("event.slot.changed");
  const at = (slot: Slot) => reduce(start, next(start, { ...changed, kind: "slot.changed", data: { slot } })).order;
  expect(at({ ...first, position: { x: 1, y: 1 } })).not.toBe(start.order);
  expect(at({ ...first, zone: "South" })).not.toBe(start.order);
  expect(at({ ...first, state: "free", note: null, position: { x: 12.5, y: 4 } })).toBe(start.order);
});

test("what is withheld or unknown still moves the place in the log on", () => {
  const entries: LogEntry[] = [fixture("log_entry.withheld"), fixture("log_entry.unknown_kind")];
  const after = reduceAll(start, entries);
  expect(after.seq).toBe(entries.at(-1)?.seq);
  expect(after.slots).toBe(start.slots);
});

test("a picture counts as contact with its camera, and an older one that comes late is no news", () => {
  const added = fixture<Event>("event.capture.added");
  if (added.kind !== "capture.added") throw new Error("the fixture is another");
  const { capture } = added.data;
  const after = reduce(start, next(start, added));
  expect(after.pictures.get("cam-1")).toEqual(capture);
  const contact = after.cameras.get("cam-1")?.contact;
  expect(contact?.capture_id).toBe(capture.id);
  expect(contact?.health?.rssi_dbm).toBe(-67);
  const older: Capture = { ...capture, id: "older", captured_at: "2020-01-01T00:00:00.000Z" };
  const late = reduce(after, next(after, { ...added, data: { capture: older } }));
  expect(late.pictures.get("cam-1")?.id).toBe(capture.id);
});

test("an event about a camera, which carries no contact, does not forget the last one", () => {
  const status = fixture<Event>("event.camera.status");
  if (status.kind !== "camera.status") throw new Error("the fixture is another");
  const camera: Camera = { ...status.data.camera };
  delete camera.contact;
  const after = reduce(start, next(start, { ...status, data: { camera } }));
  expect(after.cameras.get("cam-1")?.contact?.health?.firmware).toBe("1.4.2");
});

test("a summary takes the lot to where its events would have", () => {
  const lagged = fixture<Lagged>("frame.lagged");
  const after = collapse(start, lagged);
  expect(after.seq).toBe(1100);
  expect([...after.slots.keys()]).toEqual([first.id]);
  expect(after.order).toEqual([first.id]);
  expect(after.lot).toBe(start.lot);
  expect(collapse(start, fixture("frame.lagged.with_lot")).lot.rev).toBe(1090);
});

test("one after the other is the same as all at once", () => {
  const events = fixtureNames("event.").filter((name) => !name.includes("audited")).map((name, at) => {
    return { ...fixture<Event>(name), seq: start.seq + 1 + at };
  });
  expect(reduceAll(start, events)).toEqual(events.reduce(reduce, start));
});

test("every golden frame is one that this client knows, but the unknown", () => {
  for (const name of fixtureNames("frame.")) {
    const frame = parse(JSON.stringify(fixture<Frame>(name)));
    expect(frame === null, name).toBe(name === "frame.unknown");
  }
});
