// How many slots were in which state, as stacked bars over time. What nobody watched is hatched, never zero.
import { useCallback, useState } from "react";
import { useTranslation } from "../i18n";
import uPlot from "uplot";
import { useFormat } from "../session";
import type { SlotState } from "../api/types";
import { StateMark } from "../ui/icons";
import type { Column as TableColumn } from "../ui/Table";
import type { Drawn } from "./ChartPlot";
import { ChartPlot } from "./ChartPlot";
import { ChartTable } from "./ChartTable";
import type { Column } from "./buckets";
import { STACK } from "./buckets";
import { hatch } from "./colours";

const HOURS_OF_CLOCK = 36;
const HOUR_MS = 3_600_000;
const DAY_S = 86_400;
/** A bucket that is longer is a day, which may have 23 hours. */
const HALF_DAY_MS = 12 * HOUR_MS;
/** Of two days that are named below, whichever has room. */
const DAYS_APART = [1, 2, 3, 7, 14, 30, 60, 90];
/** Of a bucket; what was watched longer was watched all the time. */
const WATCHED_WHOLE = 0.98;

interface Props {
  columns: readonly Column[];
  height: number;
  /** What the chart shows, for those who cannot see it. */
  label: string;
}

export function StackChart({ columns, height, label }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const [pointed, setPointed] = useState<number | null>(null);

  const draw = useCallback(
    (colour: (name: string) => string): Drawn => {
      const [first, last] = [columns[0], columns.at(-1)];
      const isShort = first && last ? last.end - first.start <= HOURS_OF_CLOCK * HOUR_MS : true;
      const middle = columns.map(({ start, end }) => (start + end) / 2_000);
      const sums = STACK.map((_, top) => {
        return columns.map(({ averages }) => (averages ? STACK.slice(0, top + 1).reduce((sum, state) => sum + averages[state], 0) : null));
      });
      const axis = { stroke: colour("--ink-3"), font: "12px Inter, sans-serif", ticks: { show: false } };
      return {
        options: {
          padding: [8, 18, 0, 0],
          scales: {
            x: { range: [(first?.start ?? 0) / 1_000, (last?.end ?? 1) / 1_000] },
            y: { range: (_plot, _min, max) => [0, Math.max(1, max)] },
          },
          axes: [
            {
              ...axis,
              size: 26,
              grid: { show: false },
              space: isShort ? 60 : 80,
              ...(isShort ? {} : { incrs: DAYS_APART.map((days) => days * DAY_S) }),
              // What begins where the chart ends has no room.
              values: (_plot, ticks) => ticks.map((at) => (isShort ? format.clock(at * 1_000) : at * 1_000 < (last?.end ?? 0) ? format.day(at * 1_000) : "")),
            },
            { ...axis, size: 34, grid: { stroke: colour("--line"), width: 1 }, values: (_plot, ticks) => ticks.map((at) => (Number.isInteger(at) ? format.number(at) : "")) },
          ],
          // The highest sum is drawn first, and each lower one over it.
          series: [
            {},
            ...STACK.toReversed().map((state) => ({
              fill: () => fillOf(state, colour),
              stroke: "transparent",
              width: 0,
              points: { show: false },
              paths: uPlot.paths.bars?.({ size: [0.86, 60], gap: 0 }) ?? (() => null),
            })),
          ],
          hooks: { drawClear: [(own) => drawGaps(own, columns, hatch(own.ctx, colour("--line-strong")))] },
        },
        data: [middle, ...sums.toReversed()] as uPlot.AlignedData,
      };
    },
    [columns, format],
  );

  const number = (value: number) => format.number(Math.round(value * 10) / 10);
  const span = ({ start, end }: Column) => (end - start > HALF_DAY_MS ? format.day(start) : `${format.time(start, Date.now())} – ${format.clock(end)}`);
  const watched = (column: Column) => (column.averages && column.watched < WATCHED_WHOLE ? t("history.watched", { percent: format.percent(column.watched) }) : null);
  const words = (at: number) => {
    const column = columns[at];
    if (!column) return "";
    const { averages } = column;
    if (!averages) return `${span(column)}: ${t("history.gap")}`;
    return `${span(column)}: ${[...STACK.map((state) => `${t(`state.${state}`)} ${number(averages[state])}`), watched(column)].filter(Boolean).join(", ")}`;
  };
  const cells: TableColumn<Column>[] = [
    { title: t("history.time"), cellLook: "num", cell: span },
    ...STACK.map((state) => ({ title: t(`state.${state}`), look: "end", cellLook: "num", cell: ({ averages }: Column) => (averages ? number(averages[state]) : "–") })),
    { title: t("history.watchedShare"), look: "end", cellLook: "num", cell: ({ watched }) => format.percent(watched) },
  ];
  const shown = pointed === null ? undefined : columns[pointed];
  const averages = shown?.averages;
  return (
    <figure className="chart">
      <ChartPlot label={label} height={height} last={columns.findLastIndex((column) => column.averages !== null)} draw={draw} words={words} pointed={pointed} onPoint={setPointed} />
      <figcaption className="chart-read fine num">
        {shown && <strong>{span(shown)}</strong>}
        {shown && !averages
          ? t("history.gap")
          : STACK.map((state) => (
              <span key={state} className="state-word">
                <StateMark state={state} size={11} />
                {t(`state.${state}`)} {averages && number(averages[state])}
              </span>
            ))}
        {shown && <span>{watched(shown)}</span>}
      </figcaption>
      <ChartTable label={label} columns={cells} rows={columns} keyOf={({ start }) => String(start)} />
    </figure>
  );
}

function fillOf(state: SlotState, colour: (name: string) => string): string | CanvasPattern {
  if (state === "free") return colour("--chart-free");
  if (state === "closed") return colour("--closed-stripe");
  if (state === "unknown") return colour("--unknown-edge");
  return colour(`--${state}`);
}

function drawGaps(plot: uPlot, columns: readonly Column[], pattern: CanvasPattern | null): void {
  const { ctx, bbox } = plot;
  if (!pattern) return;
  ctx.save();
  ctx.fillStyle = pattern;
  const now = Date.now();
  for (const { averages, start, end } of columns) {
    if (averages || start > now) continue;
    const [left, right] = [plot.valToPos(start / 1_000, "x", true), plot.valToPos(Math.min(end, now) / 1_000, "x", true)];
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
  }
  ctx.restore();
}
