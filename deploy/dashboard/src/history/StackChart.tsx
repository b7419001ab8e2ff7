// How many slots were in which state, as stacked bars over time. What nobody watched is hatched, never zero.
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "../i18n";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useFormat } from "../session";
import type { SlotState } from "../api/types";
import { StateMark } from "../ui/icons";
import type { Column as TableColumn } from "../ui/Table";
import { ChartTable } from "./ChartTable";
import type { Column } from "./buckets";
import { STACK } from "./buckets";
import { colours, hatch } from "./colours";
import "./chart.css";
import { useWidth } from "../ui/width";

const HOURS_OF_CLOCK = 36;
const DAY_S = 86_400;
/** Of two days that are named below, whichever has room. */
const DAYS_APART = [1, 2, 3, 7, 14, 30, 60, 90];

interface Props {
  columns: readonly Column[];
  timeZone: string;
  height: number;
  /** What the chart shows, for those who cannot see it. */
  label: string;
}

export function StackChart({ columns, timeZone, height, label }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const [pointed, setPointed] = useState<number | null>(null);
  const scheme = useScheme();

  useEffect(() => {
    const element = frame.current;
    if (!element || width === 0 || columns.length === 0) return;
    const colour = colours(element);
    const [first, last] = [columns[0], columns.at(-1)];
    const isShort = first && last ? last.end - first.start <= HOURS_OF_CLOCK * 3_600_000 : true;
    const middle = columns.map(({ start, end }) => (start + end) / 2_000);
    const sums = STACK.map((_, top) => {
      return columns.map(({ averages }) => (averages ? STACK.slice(0, top + 1).reduce((sum, state) => sum + averages[state], 0) : null));
    });
    const axis = { stroke: colour("--ink-3"), font: "12px Inter, sans-serif", ticks: { show: false } };
    const plot = new uPlot(
      {
        width,
        height,
        padding: [8, 18, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), timeZone),
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
        hooks: {
          drawClear: [(own) => drawGaps(own, columns, hatch(own.ctx, colour("--line-strong")))],
          setCursor: [(own) => setPointed(own.cursor.idx ?? null)],
        },
      },
      [middle, ...sums.toReversed()] as uPlot.AlignedData,
      element,
    );
    return () => plot.destroy();
  }, [columns, timeZone, height, width, format, scheme]);

  const shown = pointed === null ? undefined : columns[pointed];
  const number = (value: number) => format.number(Math.round(value * 10) / 10);
  const cells: TableColumn<Column>[] = [
    { title: t("history.time"), cellLook: "num", cell: ({ start, end }) => `${format.time(start, Date.now())} – ${format.clock(end)}` },
    ...STACK.map((state) => ({ title: t(`state.${state}`), look: "end", cellLook: "num", cell: ({ averages }: Column) => (averages ? number(averages[state]) : "–") })),
    { title: t("history.watchedShare"), look: "end", cellLook: "num", cell: ({ watched }) => format.percent(watched) },
  ];
  return (
    <figure className="chart">
      <div ref={frame} role="img" aria-label={label} style={{ height }} />
      <figcaption className="chart-read fine num">
        {shown ? (
          <>
            <strong>{`${format.time(shown.start, Date.now())} – ${format.clock(shown.end)}`}</strong>
            {shown.averages
              ? STACK.map((state) => (
                  <span key={state} className="state-word">
                    <StateMark state={state} size={11} />
                    {t(`state.${state}`)} {number(shown.averages?.[state] ?? 0)}
                  </span>
                ))
              : t("history.gap")}
            {shown.averages && shown.watched < 0.98 && <span>{t("history.watched", { percent: format.percent(shown.watched) })}</span>}
          </>
        ) : (
          STACK.map((state) => (
            <span key={state} className="state-word">
              <StateMark state={state} size={11} />
              {t(`state.${state}`)}
            </span>
          ))
        )}
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

/** Changes when light becomes dark: what is painted on a canvas does not change by itself. */
function useScheme(): string {
  const [scheme, setScheme] = useState("");
  useEffect(() => {
    const media = matchMedia("(prefers-color-scheme: dark)");
    const look = () => setScheme(`${document.documentElement.dataset.theme ?? ""}${media.matches}`);
    const observer = new MutationObserver(look);
    observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    media.addEventListener("change", look);
    return () => {
      observer.disconnect();
      media.removeEventListener("change", look);
    };
  }, []);
  return scheme;
}
