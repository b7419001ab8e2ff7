import { expect, test } from "vitest";
import type { HealthSample } from "../api/types";
import { fixture } from "../fixtures";
import { readings, restarts, uptimeHours } from "./readings";

const MINUTE = 60_000;
const START = Date.parse("2026-11-23T00:00:00Z");

function sample(minute: number, booted: number | null, rssi_dbm: number | null = -60): HealthSample {
  const time = (at: number) => new Date(START + at * MINUTE).toISOString();
  return { ...fixture<HealthSample>("health_sample"), at: time(minute), booted_at: booted === null ? null : time(booted), rssi_dbm };
}

test("a camera that was silent has a gap, one that only said nothing of it too, and one that is slow by nature has none", () => {
  const told = [sample(0, 0), sample(10, 0, null), sample(50, 0, -70)];
  const values = (intervalS: number) => readings(told, intervalS, ({ rssi_dbm }) => rssi_dbm).map(({ value }) => value);
  expect(values(60)).toEqual([-60, null, null, -70]);
  expect(values(1_800)).toEqual([-60, null, -70]);
});

test("a start is counted once, however often it is told of, and never from a report that does not say", () => {
  const told = [sample(0, -100), sample(10, -99.9), sample(20, 15), sample(30, 15), sample(40, null), sample(50, 45), sample(60, 55)];
  expect(restarts(told)).toEqual([START + 15 * MINUTE, START + 55 * MINUTE]);
  expect(uptimeHours(sample(60, -60))).toBe(2);
  expect(uptimeHours(sample(60, null))).toBeNull();
});
