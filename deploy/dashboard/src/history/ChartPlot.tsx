// What every chart has in common: its canvas, the time zone of the lot, light and dark; and that its points are read one by one, by pointer or by
// keys. For those who read by keys it is a slider, of which they are told the value as it moves.
import type { KeyboardEvent } from "react";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useView } from "../live/context";
import { useWidth } from "../ui/width";
import { colours, useScheme } from "./colours";
import "./chart.css";

/** How many points a long step passes. */
const LEAP = 10;

const STEPS: Readonly<Record<string, (at: number, last: number) => number>> = {
  ArrowLeft: (at) => at - 1,
  ArrowDown: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  ArrowUp: (at) => at + 1,
  PageDown: (at) => at - LEAP,
  PageUp: (at) => at + LEAP,
  Home: () => 0,
  End: (_, last) => last,
};

/** Where a key leads from a point; null for one that leads nowhere. */
export function stepped(key: string, at: number, last: number): number | null {
  const step = STEPS[key];
  return step ? Math.min(Math.max(step(at, last), 0), last) : null;
}

export interface Drawn {
  options: Pick<uPlot.Options, "padding" | "scales" | "axes" | "series" | "hooks">;
  data: uPlot.AlignedData;
}

interface Props {
  label: string;
  height: number;
  /** The last point of which anything is known; -1 when there is none. */
  last: number;
  /** Another function when anything of the chart is another. */
  draw: (colour: (name: string) => string) => Drawn;
  /** What is read at a point. */
  words: (at: number) => string;
  /** The point that is read, if any. */
  pointed: number | null;
  onPoint: (at: number | null) => void;
}

export function ChartPlot({ label, height, last, draw, words, pointed, onPoint }: Props) {
  const timeZone = useView((view) => view.lot?.lot.time_zone ?? "UTC");
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const width = useWidth(frame);
  const scheme = useScheme();
  const held = useRef(pointed);
  useEffect(() => {
    held.current = pointed;
  });
  useEffect(() => {
    const element = frame.current;
    if (!element || width === 0) return;
    const { options, data } = draw(colours(element));
    const drawn = new uPlot(
      {
        ...options,
        width,
        height,
        legend: { show: false },
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), timeZone),
        hooks: {
          ...options.hooks,
          // What is drawn anew is read on where it was.
          ready: [(own) => point(own, held.current)],
          setCursor: [(own) => onPoint(own.cursor.idx ?? null)],
        },
      },
      data,
      element,
    );
    plot.current = drawn;
    return () => drawn.destroy();
  }, [draw, onPoint, width, height, timeZone, scheme]);

  const goTo = (at: number) => {
    if (plot.current) point(plot.current, at);
    onPoint(at);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const next = stepped(event.key, pointed ?? last, last);
    if (next === null) return;
    event.preventDefault();
    goTo(next);
  };
  const onBlur = () => plot.current?.setCursor({ left: -1, top: -1 });
  const style = { height };
  if (last < 0) return <div ref={frame} role="img" aria-label={label} style={style} />;
  const now = Math.min(pointed ?? last, last);
  return (
    <div
      ref={frame}
      className="chart-plot"
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={last}
      aria-valuenow={now}
      aria-valuetext={words(now)}
      style={style}
      onFocus={() => pointed === null && goTo(last)}
      onBlur={onBlur}
      onKeyDown={onKeyDown}
    />
  );
}

/** Draws the line through a point; whoever does that knows where it is. */
function point(plot: uPlot, at: number | null): void {
  const x = at === null ? undefined : plot.data[0][at];
  if (x !== undefined) plot.setCursor({ left: plot.valToPos(x, "x"), top: 0 }, false);
}
