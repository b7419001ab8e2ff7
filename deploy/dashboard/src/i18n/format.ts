// Times, durations and numbers for people: in their language, and in the time zone of the lot.
import { useMemo } from "react";
import { useTranslation } from "./index";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface Format {
  number: (value: number) => string;
  percent: (value: number) => string;
  /** 0.60. */
  fraction: (value: number) => string;
  bytes: (value: number) => string;
  /** 14:05 today, with the date otherwise. */
  time: (at: string | number, now: number) => string;
  dateTime: (at: string | number) => string;
  day: (at: string | number) => string;
  clock: (at: string | number) => string;
  /** 5 minutes ago. */
  ago: (at: string | number, now: number) => string;
  hours: (value: number) => string;
  seconds: (value: number) => string;
  /** 1 h 20 min. */
  duration: (ms: number) => string;
}

export function format(language: string, timeZone: string, justNow: string): Format {
  const number = new Intl.NumberFormat(language);
  const fraction = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const made = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(language, { timeZone, ...options });
  const clock = made({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const day = made({ weekday: "short", day: "numeric", month: "short" });
  const dateTime = made({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const dayTime = made({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const date = made({ year: "numeric", month: "numeric", day: "numeric" });
  const unit = (value: number, name: "hour" | "minute" | "second" | "day") =>
    new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: 1 }).format(value);

  return {
    number: (value) => number.format(value),
    percent: (value) => percent.format(value),
    fraction: (value) => fraction.format(value),
    bytes: (value) =>
      value < 1_000_000 ? `${number.format(Math.round(value / 1_000))} kB` : `${number.format(Math.round(value / 100_000) / 10)} MB`,
    time: (at, now) => (date.format(new Date(at)) === date.format(now) ? clock : dayTime).format(new Date(at)),
    dateTime: (at) => dateTime.format(new Date(at)),
    day: (at) => day.format(new Date(at)),
    clock: (at) => clock.format(new Date(at)),
    ago: (at, now) => {
      const ms = Math.max(0, now - new Date(at).getTime());
      if (ms < 5 * SECOND) return justNow;
      if (ms < MINUTE) return relative.format(-Math.floor(ms / SECOND), "second");
      if (ms < HOUR) return relative.format(-Math.floor(ms / MINUTE), "minute");
      if (ms < DAY) return relative.format(-Math.floor(ms / HOUR), "hour");
      return relative.format(-Math.floor(ms / DAY), "day");
    },
    hours: (value) => unit(value, "hour"),
    seconds: (value) => unit(Math.round(value), "second"),
    duration: (ms) => {
      if (ms < MINUTE) return unit(Math.max(0, Math.floor(ms / SECOND)), "second");
      if (ms < HOUR) return unit(Math.floor(ms / MINUTE), "minute");
      if (ms < DAY) return `${unit(Math.floor(ms / HOUR), "hour")} ${unit(Math.floor((ms % HOUR) / MINUTE), "minute")}`;
      return `${unit(Math.floor(ms / DAY), "day")} ${unit(Math.floor((ms % DAY) / HOUR), "hour")}`;
    },
  };
}

/** The language as it is spoken where the reader is: 23 Nov is not Nov 23. */
function regional(language: string): string {
  return navigator.languages.find((tag) => tag.startsWith(language)) ?? language;
}

export function useFormatIn(timeZone: string): Format {
  const { t, language: chosen } = useTranslation();
  const justNow = t("time.now");
  const language = regional(chosen);
  return useMemo(() => format(language, timeZone, justNow), [language, timeZone, justNow]);
}
