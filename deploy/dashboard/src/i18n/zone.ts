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

/** When a clock there shows `text`, as a field of a form has it: 2026-11-23, or 2026-11-23T14:05; null when that is no time. */
export function instant(text: string, timeZone: string): number | null {
  const found = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d))?/.exec(text);
  if (!found) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = found.slice(1).map((part) => Number(part || 0));
  const wanted = Date.UTC(year, month - 1, day, hour, minute);
  if (new Date(wanted).getUTCDate() !== day) return null;
  const guess = wanted - offset(wanted, timeZone);
  return wanted - offset(guess, timeZone);
}

/** The day of `at` there, as a field of a form has it. */
export function dayOf(at: number, timeZone: string): string {
  const { year, month, day } = parts(at, timeZone);
  return new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, "2026-11-23".length);
}

/** Days between two instants, a part of one too; at least one, for little has happened in the first hours of a day. */
export function days(from: number, to: number): number {
  return Math.max(1, (to - from) / DAY_MS);
}
