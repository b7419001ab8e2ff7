// How many slots are in which state: of the lot, of each zone, of each kind. Pure.
import type { Slot, SlotKind } from "../api/types";

export interface Tally {
  total: number;
  free: number;
  occupied: number;
  reserved: number;
  closed: number;
  unknown: number;
  /** Of these, those that no camera confirms any more. */
  stale: number;
}

export interface Counts {
  all: Tally;
  /** By zone, in the order of their names; the slots without one come last, under null. */
  zones: ReadonlyMap<string | null, Tally>;
  kinds: ReadonlyMap<SlotKind, Tally>;
}

export function count(slots: Iterable<Slot>): Counts {
  const all = none();
  const zones = new Map<string | null, Tally>();
  const kinds = new Map<SlotKind, Tally>();
  for (const slot of slots) {
    add(all, slot);
    add(at(zones, slot.zone ?? null), slot);
    add(at(kinds, slot.kind), slot);
  }
  const inOrder = [...zones].sort(([a], [b]) => (a === null ? 1 : b === null ? -1 : a.localeCompare(b, "en", { numeric: true })));
  return { all, zones: new Map(inOrder), kinds };
}

/** Occupied over what is observable (free, occupied, reserved), 0 to 1; null when nothing is. */
export function occupancy(tally: Tally): number | null {
  const observable = tally.free + tally.occupied + tally.reserved;
  return observable > 0 ? tally.occupied / observable : null;
}

export function none(): Tally {
  return { total: 0, free: 0, occupied: 0, reserved: 0, closed: 0, unknown: 0, stale: 0 };
}

function add(tally: Tally, slot: Slot): void {
  tally.total += 1;
  tally[slot.state] += 1;
  if (slot.stale_since) tally.stale += 1;
}

function at<K>(map: Map<K, Tally>, key: K): Tally {
  let tally = map.get(key);
  if (!tally) map.set(key, (tally = none()));
  return tally;
}
