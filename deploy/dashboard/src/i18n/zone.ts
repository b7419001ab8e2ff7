// Days where the lot is. Pure.

const DAY_MS = 86_400_000;

/** When the day of `at` began in `timeZone`, or the day so many days before. */
export function midnight(at: number, timeZone: string, daysBefore = 0): number {
  const { year, month, day } = parts(at, timeZone);
  const wanted = Date.UTC(year, month - 1, day - daysBefore);
  // The offset may be another at midnight than at `at`: a second look settles it.
  const guess = wanted - offset(wanted, timeZone);
  return wanted - offset(guess, timeZone);
}

/** Milliseconds that a clock there is ahead of UTC. */
function offset(at: number, timeZone: string): number {
  const { year, month, day, hour, minute, second } = parts(at, timeZone);
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1_000) * 1_000;
}

function parts(at: number, timeZone: string) {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const found = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const part = (name: Intl.DateTimeFormatPartTypes) => found.get(name) ?? 0;
  return { year: part("year"), month: part("month"), day: part("day"), hour: part("hour"), minute: part("minute"), second: part("second") };
}

/** Whole days between two instants, rounded: a day may have 23 or 25 hours. */
export function days(from: number, to: number): number {
  return Math.max(1, Math.round((to - from) / DAY_MS));
}
