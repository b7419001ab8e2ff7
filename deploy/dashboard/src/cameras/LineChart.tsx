// One value over time, as a line with its gaps.
import { useCallback, useState } from "react";
import type uPlot from "uplot";
import type { Drawn } from "../history/ChartPlot";
import { ChartPlot } from "../history/ChartPlot";
import { ChartTable } from "../history/ChartTable";
import { useTranslation } from "../i18n";
import { useFormat } from "../session";
import type { Column } from "../ui/Table";
import type { Reading } from "./readings";

const HEIGHT = 110;
/** Longer than this, times are given as days. */
const CLOCK_MS_MAX = 36 * 3_600_000;
const MINUTE_S = 60;
/** Of two times that are named below, whichever has room: whole minutes, as they are said. */
const MINUTES_APART = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 10_080];

interface Props {
  label: string;
  readings: readonly Reading[];
  /** A value in words, with its unit. */
  words: (value: number) => string;
  /** Drawn as a line across. */
  expected?: number;
  /** From when to when; as far as there are readings, when it is not said. */
  period?: { from: number; to: number };
  /** Moments that are marked by a line down. */
  marks?: readonly number[];
  /** Whether the scale begins at nought. */
  isFromNought?: boolean;
}

export function LineChart({ label, readings, words, expected, period, marks, isFromNought = true }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const [pointed, setPointed] = useState<number | null>(null);
  const [from, to] = [period?.from ?? readings[0]?.at ?? 0, Math.max(period?.to ?? 0, readings.at(-1)?.at ?? 1)];
  const draw = useCallback(
    (colour: (name: string) => string): Drawn => {
      const axis = { stroke: colour("--ink-3"), font: "11px Inter, sans-serif", ticks: { show: false } };
      const when = to - from > CLOCK_MS_MAX ? format.day : format.clock;
      return {
        options: {
          padding: [6, 16, 0, 0],
          scales: {
            x: { range: [from / 1_000, to / 1_000] },
            y: {
              range: (_plot, min, max) => {
                const [low, high] = [isFromNought ? 0 : min, Math.max(max, expected ?? max)];
                const room = (high - low || 1) * 0.15;
                return [isFromNought ? 0 : low - room, high + room];
              },
            },
          },
          axes: [
            { ...axis, size: 24, grid: { show: false }, space: 60, incrs: MINUTES_APART.map((minutes) => minutes * MINUTE_S), values: (_plot, ticks) => ticks.map((at) => when(at * 1_000)) },
            { ...axis, size: 64, grid: { stroke: colour("--line"), width: 1 }, space: 36, values: (_plot, ticks) => ticks.map(words) },
          ],
          series: [
            {},
            { stroke: colour("--accent"), width: 1.5, points: { show: false } },
            { stroke: colour("--line-strong"), width: 1, dash: [4, 4], points: { show: false } },
          ],
          hooks: { draw: [(own) => drawMarks(own, marks ?? [], colour("--line-strong"))] },
        },
        data: [readings.map(({ at }) => at / 1_000), readings.map(({ value }) => value), readings.map(() => expected ?? null)],
      };
    },
    [readings, words, expected, from, to, marks, isFromNought, format],
  );
  const value = (reading: Reading) => (reading.value === null ? t("cameras.untold") : words(reading.value));
  const cells: Column<Reading>[] = [
    { title: t("history.time"), cellLook: "num", cell: ({ at }) => format.dateTime(at) },
    { title: label, look: "end", cellLook: "num", cell: value },
  ];
  const read = (reading: Reading) => `${format.time(reading.at, Date.now())}: ${value(reading)}`;
  const values = readings.flatMap(({ value }) => (value === null ? [] : [value]));
  const range = values.length > 0 ? `${words(Math.min(...values))} – ${words(Math.max(...values))}` : "–";
  const shown = pointed === null ? undefined : readings[pointed];
  return (
    <figure className="chart">
      <h3 className="spread">
        {label} <span className="fine num">{shown ? read(shown) : range}</span>
      </h3>
      <ChartPlot
        label={`${label}: ${range}`}
        height={HEIGHT}
        last={readings.length - 1}
        draw={draw}
        words={(at) => (readings[at] ? read(readings[at]) : "")}
        pointed={pointed}
        onPoint={setPointed}
      />
      <ChartTable label={label} columns={cells} rows={readings} keyOf={({ at }) => String(at)} />
    </figure>
  );
}

function drawMarks(plot: uPlot, marks: readonly number[], colour: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = colour;
  for (const at of marks) ctx.fillRect(plot.valToPos(at / 1_000, "x", true), bbox.top, devicePixelRatio, bbox.height);
  ctx.restore();
}
