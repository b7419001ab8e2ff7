// The period that the history is of, as its address names it. Pure.
import { days, instant, midnight } from "../i18n/zone";

/** Days back from today, and how long a bucket is. */
const PRESETS = { today: [0, "hour"], week: [6, "hour"], month: [29, "day"], quarter: [89, "day"] } as const;
export const RANGES = ["today", "week", "month", "quarter", "own"] as const;
export type Range = (typeof RANGES)[number];

/** Longer than so many days, hours are too narrow to be seen. */
const HOURLY_DAYS_MAX = 8;
/** As many days as the daemon answers for. */
export const DAYS_MAX = 400;

export interface Period {
  range: Range;
  from: number;
  to: number;
  bucket: "hour" | "day";
  /** Of those that are over, with the part of today that is. */
  days: number;
}

export function period(search: URLSearchParams, now: number, timeZone: string): Period {
  const tomorrow = midnight(now, timeZone, -1);
  const asked = RANGES.find((range) => range === search.get("range")) ?? "today";
  const own = asked === "own" ? between(search, tomorrow, timeZone) : null;
  if (own) {
    const length = days(own.from, own.to);
    return { range: "own", ...own, bucket: length > HOURLY_DAYS_MAX ? "day" : "hour", days: days(own.from, Math.min(own.to, now)) };
  }
  const range = asked === "own" ? "week" : asked;
  const [daysBefore, bucket] = PRESETS[range];
  const from = midnight(now, timeZone, daysBefore);
  // To the end of today: what is not over yet stays empty.
  return { range: asked, from, to: tomorrow, bucket, days: days(from, now) };
}

/** From the beginning of the first day to the end of the last; null when they are no period. */
function between(search: URLSearchParams, tomorrow: number, timeZone: string): { from: number; to: number } | null {
  const [first, last] = ["from", "to"].map((name) => instant(search.get(name) ?? "", timeZone));
  if (first == null || last == null) return null;
  const from = first;
  const to = Math.min(midnight(last, timeZone, -1), tomorrow);
  return to > from && days(from, to) <= DAYS_MAX ? { from, to } : null;
}
