// What a camera reported over time as lines: with gaps where it was silent, and marks where it started again. Pure.
import type { HealthSample } from "../api/types";

export interface Reading {
  at: number;
  /** Null is a gap. */
  value: number | null;
}

/** The daemon keeps the worst of each ten minutes; longer than two of them without a word is silence. */
const SILENCE_MS = 20 * 60_000;
/** What two reports may differ by about one and the same start: seconds are whole, and a report is on its way for a while. */
const JITTER_MS = 30_000;

export function readings(samples: readonly HealthSample[], intervalS: number, value: (sample: HealthSample) => number | null | undefined): Reading[] {
  const silence = SILENCE_MS + 2_000 * intervalS;
  return samples.flatMap((sample, index) => {
    const at = Date.parse(sample.at);
    const before = samples[index - 1];
    const reading = { at, value: value(sample) ?? null };
    const isGap = before !== undefined && at - Date.parse(before.at) > silence;
    return isGap ? [{ at: at - 1, value: null }, reading] : [reading];
  });
}

/** When it started again, as far as that is known. */
export function restarts(samples: readonly HealthSample[]): number[] {
  return samples.flatMap(({ booted_at }, index) => {
    const before = samples[index - 1]?.booted_at;
    if (!booted_at || !before) return [];
    const booted = Date.parse(booted_at);
    return booted - Date.parse(before) > JITTER_MS ? [booted] : [];
  });
}

export function uptimeHours({ at, booted_at }: HealthSample): number | null {
  return booted_at ? Math.max(0, (Date.parse(at) - Date.parse(booted_at)) / 3_600_000) : null;
}
