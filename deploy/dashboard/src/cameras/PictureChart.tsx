// How long after the one before each picture came, and how large it was: a camera that struggles shows here first.
import { useEffect, useRef } from "react";
import { useTranslation } from "../i18n";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import "../history/chart.css";
import type { Camera, Capture } from "../api/types";
import { colours } from "../history/colours";
import { useView } from "../live/context";
import { useFormat } from "../session";
import { useWidth } from "../ui/width";

const HEIGHT = 110;

export function PictureChart({ camera, captures }: { camera: Camera; captures: readonly Capture[] }) {
  const { t } = useTranslation();
  return (
    <>
      <Line
        label={t("cameras.gaps")}
        captures={captures.slice(1)}
        value={(_capture, at) => (Date.parse(captures[at + 1]?.captured_at ?? "") - Date.parse(captures[at]?.captured_at ?? "")) / 1_000}
        unit="s"
        expected={camera.interval_s}
      />
      <Line label={t("cameras.sizes")} captures={captures} value={(capture) => capture.bytes / 1_000} unit="kB" />
    </>
  );
}

interface LineProps {
  label: string;
  captures: readonly Capture[];
  value: (capture: Capture, at: number) => number;
  unit: string;
  /** Drawn as a line across. */
  expected?: number;
}

function Line({ label, captures, value, unit, expected }: LineProps) {
  const format = useFormat();
  const timeZone = useView((view) => view.lot?.lot.time_zone ?? "UTC");
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  useEffect(() => {
    const element = frame.current;
    if (!element || width === 0) return;
    const colour = colours(element);
    const axis = { stroke: colour("--ink-3"), font: "11px Inter, sans-serif", ticks: { show: false } };
    const times = captures.map((capture) => Date.parse(capture.captured_at) / 1_000);
    const plot = new uPlot(
      {
        width,
        height: HEIGHT,
        padding: [6, 16, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), timeZone),
        scales: { y: { range: (_plot, _min, max) => [0, Math.max(max, expected ?? 0) * 1.15 || 1] } },
        axes: [
          { ...axis, grid: { show: false }, values: (_plot, ticks) => ticks.map((at) => format.clock(at * 1_000)) },
          { ...axis, size: 44, grid: { stroke: colour("--line"), width: 1 }, space: 36, values: (_plot, ticks) => ticks.map((at) => `${format.number(at)} ${unit}`) },
        ],
        series: [
          {},
          { stroke: colour("--accent"), width: 1.5, points: { show: false } },
          { stroke: colour("--line-strong"), width: 1, dash: [4, 4], points: { show: false } },
        ],
      },
      [times, captures.map(value), times.map(() => expected ?? null)],
      element,
    );
    return () => plot.destroy();
  }, [captures, value, unit, expected, width, timeZone, format]);
  return (
    <figure className="chart">
      <h3>{label}</h3>
      <div ref={frame} role="img" aria-label={label} style={{ height: HEIGHT }} />
    </figure>
  );
}
