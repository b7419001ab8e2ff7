// One value over time, as a line with its gaps, over the time zone of the lot.
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import "../history/chart.css";
import { ChartTable } from "../history/ChartTable";
import { colours } from "../history/colours";
import { useTranslation } from "../i18n";
import { useView } from "../live/context";
import { useFormat } from "../session";
import type { Column } from "../ui/Table";
import { useWidth } from "../ui/width";
import type { Reading } from "./readings";

const HEIGHT = 110;
/** Longer than this, times are given as days. */
const CLOCK_MS_MAX = 36 * 3_600_000;

interface Props {
  label: string;
  readings: readonly Reading[];
  /** A value in words, with its unit. */
  words: (value: number) => string;
  /** Drawn as a line across. */
  expected?: number;
  /** From here on, where the first reading is later. */
  from?: number;
  /** Moments that are marked by a line down. */
  marks?: readonly number[];
  /** Whether the scale begins at nought. */
  isFromNought?: boolean;
}

export function LineChart({ label, readings, words, expected, from, marks, isFromNought = true }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const timeZone = useView((view) => view.lot?.lot.time_zone ?? "UTC");
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  useEffect(() => {
    const element = frame.current;
    if (!element || width === 0) return;
    const colour = colours(element);
    const axis = { stroke: colour("--ink-3"), font: "11px Inter, sans-serif", ticks: { show: false } };
    const times = readings.map(({ at }) => at / 1_000);
    const first = from === undefined ? (times[0] ?? 0) : from / 1_000;
    const last = times.at(-1) ?? first + 1;
    const when = (last - first) * 1_000 > CLOCK_MS_MAX ? format.day : format.clock;
    const plot = new uPlot(
      {
        width,
        height: HEIGHT,
        padding: [6, 16, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), timeZone),
        scales: {
          x: { range: () => [first, last] },
          y: {
            range: (_plot, min, max) => {
              const [low, high] = [isFromNought ? 0 : min, Math.max(max, expected ?? max)];
              const room = (high - low || 1) * 0.15;
              return [isFromNought ? 0 : low - room, high + room];
            },
          },
        },
        axes: [
          { ...axis, size: 24, grid: { show: false }, space: 60, values: (_plot, ticks) => ticks.map((at) => when(at * 1_000)) },
          { ...axis, size: 64, grid: { stroke: colour("--line"), width: 1 }, space: 36, values: (_plot, ticks) => ticks.map(words) },
        ],
        series: [
          {},
          { stroke: colour("--accent"), width: 1.5, points: { show: false } },
          { stroke: colour("--line-strong"), width: 1, dash: [4, 4], points: { show: false } },
        ],
        hooks: { draw: [(own) => drawMarks(own, marks ?? [], colour("--line-strong"))] },
      },
      [times, readings.map(({ value }) => value), times.map(() => expected ?? null)],
      element,
    );
    return () => plot.destroy();
  }, [readings, words, expected, from, marks, isFromNought, width, timeZone, format]);
  const cells: Column<Reading>[] = [
    { title: t("history.time"), cellLook: "num", cell: ({ at }) => format.dateTime(at) },
    { title: label, look: "end", cellLook: "num", cell: ({ value }) => (value === null ? "–" : words(value)) },
  ];
  const values = readings.flatMap(({ value }) => (value === null ? [] : [value]));
  const range = values.length > 0 ? `${words(Math.min(...values))} – ${words(Math.max(...values))}` : "–";
  return (
    <figure className="chart">
      <h3 className="spread">
        {label} <span className="fine num">{range}</span>
      </h3>
      <div ref={frame} role="img" aria-label={`${label}: ${range}`} style={{ height: HEIGHT }} />
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
