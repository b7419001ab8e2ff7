// Buckets of the history as what charts and tables show: slots on average, and gaps where nobody watched. Pure.
import type { SlotState } from "../api/types";
import { STATES } from "../api/types";
import type { components } from "../api/schema";

export type Bucket = components["schemas"]["HistoryBucket"];
type Seconds = components["schemas"]["SlotSeconds"];

/** How many slots were in each state on average, while somebody watched. */
export type Averages = Record<SlotState, number>;

export interface Column {
  start: number;
  end: number;
  /** Of the bucket, 0 to 1, that a daemon watched. */
  watched: number;
  /** Null is a gap: nobody knows. */
  averages: Averages | null;
}

/** From the bottom of a stack to its top: what takes room first, what is free last. */
export const STACK = ["occupied", "reserved", "closed", "unknown", "free"] as const satisfies readonly SlotState[];

/** Of the whole lot, or of one zone. */
export function columns(buckets: readonly Bucket[], zone?: string): Column[] {
  return buckets.map((bucket) => {
    const [start, end] = [Date.parse(bucket.start), Date.parse(bucket.end)];
    const seconds = zone === undefined ? bucket.slot_seconds : bucket.zones.find((each) => each.zone === zone)?.slot_seconds;
    const watched = Math.min(1, (bucket.watched_s * 1_000) / (end - start));
    const averages = bucket.watched_s > 0 && seconds ? average(seconds, bucket.watched_s) : null;
    return { start, end, watched, averages };
  });
}

function average(seconds: Seconds, watchedS: number): Averages {
  return Object.fromEntries(STATES.map((state) => [state, seconds[state] / watchedS])) as Averages;
}

/** Occupied over observable, of what was watched; null when nothing was. */
export function occupancy(all: readonly Column[]): number | null {
  let [occupied, observable] = [0, 0];
  for (const { averages, watched, start, end } of all) {
    if (!averages) continue;
    const weight = watched * (end - start);
    occupied += averages.occupied * weight;
    observable += (averages.occupied + averages.free + averages.reserved) * weight;
  }
  return observable > 0 ? occupied / observable : null;
}

/** The bucket in which most was occupied. */
export function peak(all: readonly Column[]): Column | null {
  return all.reduce<Column | null>((best, next) => {
    if (!next.averages) return best;
    return !best?.averages || next.averages.occupied > best.averages.occupied ? next : best;
  }, null);
}
