// The picture with the regions on it: drawn, dragged and nudged here, by pointer or by keys. Decides nothing: every change goes to the reducer.
import type { KeyboardEvent, PointerEvent } from "react";
import { useEffect, useRef, useState } from "react";
import type { Capture } from "../api/types";
import { useTranslation } from "../i18n";
import { useWidth } from "../ui/width";
import type { Action, Drawn, Editor } from "./drawing";
import { find } from "./drawing";
import type { Point, Polygon } from "./shape";
import { CORNERS_MAX, CORNERS_MIN, centre, isRegion, middle } from "./shape";

/** On the screen, in pixels, however far one has zoomed. */
const HANDLE_PX = 7;
const LINE_PX = 2;
const NAME_PX = 14;
/** So much higher than wide is a letter: a name does not run into the next. */
const LETTER = 1.6;
/** A click this near to the first corner closes a region. */
const CLOSE_PX = 12;
/** By arrow key, in pixels of the picture. */
const STEP_PX = 1;
const STEP_LARGE_PX = 10;
export const ZOOM_MAX = 8;
export const ZOOM_STEP = 1.5;

const ARROWS: Record<string, Point> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

interface Props {
  capture: Capture;
  editor: Editor;
  dispatch: (action: Action) => void;
  zoom: number;
  onZoom: (zoom: number) => void;
  isDrawing: boolean;
  onDrawn: (polygon: Polygon | null) => void;
}

/** What a pointer holds. */
type Grip = { of: "region"; key: number; from: Point } | { of: "corner"; key: number; at: number } | { of: "picture"; left: number; top: number; x: number; y: number };

export function Surface({ capture, editor, dispatch, zoom, onZoom, isDrawing, onDrawn }: Props) {
  const { t } = useTranslation();
  const frame = useRef<HTMLDivElement>(null);
  const svg = useRef<SVGSVGElement>(null);
  const width = useWidth(frame);
  const grip = useRef<Grip | null>(null);
  const run = useRef(0);
  const [draft, setDraft] = useState<Polygon>([]);
  const selected = find(editor, editor.selected);
  const { width: w, height: h } = capture;
  /** Of the picture for one of the screen. */
  const px = width > 0 ? w / (width * zoom) : 1;

  useZoomByWheel(frame, zoom, onZoom);

  const place = (event: { clientX: number; clientY: number }): Point => {
    const box = svg.current?.getBoundingClientRect();
    if (!box || box.width === 0) return [0.5, 0.5];
    const inside = (value: number) => Math.min(1, Math.max(0, value));
    return [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height)];
  };
  const hold = (event: PointerEvent, next: Grip) => {
    if (isDrawing || event.button !== 0) return;
    event.stopPropagation();
    svg.current?.setPointerCapture(event.pointerId);
    run.current += 1;
    grip.current = next;
    if (next.of !== "picture") dispatch({ type: "select", key: next.key });
  };
  const close = (polygon: Polygon) => {
    setDraft([]);
    onDrawn(isRegion(polygon) ? polygon : null);
  };

  const onDown = (event: PointerEvent) => {
    const element = frame.current;
    if (!element || event.button !== 0) return;
    if (!isDrawing) return hold(event, { of: "picture", left: element.scrollLeft, top: element.scrollTop, x: event.clientX, y: event.clientY });
    const point = place(event);
    const [first] = draft;
    const isClosing = first !== undefined && Math.hypot((point[0] - first[0]) * w, (point[1] - first[1]) * h) < CLOSE_PX * px;
    if (isClosing && draft.length >= CORNERS_MIN) close(draft);
    else if (draft.length + 1 >= CORNERS_MAX) close([...draft, point]);
    else setDraft([...draft, point]);
  };
  const onMove = (event: PointerEvent) => {
    const held = grip.current;
    if (!held) return;
    if (held.of === "picture") {
      frame.current?.scrollTo(held.left - event.clientX + held.x, held.top - event.clientY + held.y);
      return;
    }
    const to = place(event);
    const name = `pointer ${run.current}`;
    if (held.of === "corner") return dispatch({ type: "corner", key: held.key, at: held.at, to, run: name });
    grip.current = { ...held, from: to };
    dispatch({ type: "move", key: held.key, by: [to[0] - held.from[0], to[1] - held.from[1]], run: name });
  };
  const onUp = () => {
    if (grip.current && grip.current.of !== "picture") dispatch({ type: "settle" });
    grip.current = null;
  };

  const onRegionKey = (event: KeyboardEvent, drawn: Drawn) => {
    const arrow = ARROWS[event.key];
    if (arrow) dispatch({ type: "move", key: drawn.key, by: stepOf(arrow, event.shiftKey, w, h), run: `keys ${drawn.key}` });
    else if (event.key === "Delete" || event.key === "Backspace") dispatch({ type: "remove", key: drawn.key });
    else if (event.key === "Enter" || event.key === " ") dispatch({ type: "select", key: drawn.key });
    else if (event.key === "d" && !event.ctrlKey && !event.metaKey) dispatch({ type: "copy", key: drawn.key });
    else return;
    event.preventDefault();
  };
  const onCornerKey = (event: KeyboardEvent, drawn: Drawn, at: number) => {
    const arrow = ARROWS[event.key];
    const corner = drawn.polygon[at];
    if (arrow && corner) {
      const [dx, dy] = stepOf(arrow, event.shiftKey, w, h);
      dispatch({ type: "corner", key: drawn.key, at, to: [corner[0] + dx, corner[1] + dy], run: `keys ${drawn.key} ${at}` });
    } else if (event.key === "Delete" || event.key === "Backspace") dispatch({ type: "less", key: drawn.key, at });
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isDrawing) return;
    if (event.key === "Enter") close(draft);
    else if (event.key === "Escape") close([]);
    else if (event.key === "Backspace") setDraft(draft.slice(0, -1));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const points = (polygon: Polygon) => polygon.map(([x, y]) => `${x * w},${y * h}`).join(" ");
  const name = (drawn: Drawn) => drawn.slot ?? t("regions.noSlot");
  return (
    <div ref={frame} className="regions-frame" data-drawing={isDrawing || undefined} onKeyDown={onKeyDown}>
      <svg
        ref={svg}
        className="regions-picture"
        width={Math.max(width, 1) * zoom}
        height={(Math.max(width, 1) * zoom * h) / w}
        viewBox={`0 0 ${w} ${h}`}
        role="group"
        aria-label={t("regions.picture")}
        tabIndex={isDrawing ? 0 : undefined}
        onPointerDown={onDown}
        onPointerMove={onMove}
        onPointerUp={onUp}
        onPointerCancel={onUp}
      >
        <image href={capture.url} width={w} height={h} />
        {editor.now.regions.map((drawn) => {
          const [x, y] = centre(drawn.polygon);
          return (
            <g
              key={drawn.key}
              role="button"
              tabIndex={0}
              className="region"
              data-region={drawn.slot ?? ""}
              data-bad={drawn.slot === null || !isRegion(drawn.polygon) || undefined}
              aria-pressed={drawn.key === editor.selected}
              aria-label={t("regions.region", { slot: name(drawn), corners: drawn.polygon.length })}
              onFocus={() => drawn.key !== editor.selected && !isDrawing && dispatch({ type: "select", key: drawn.key })}
              onPointerDown={(event) => hold(event, { of: "region", key: drawn.key, from: place(event) })}
              onKeyDown={(event) => onRegionKey(event, drawn)}
            >
              <polygon points={points(drawn.polygon)} strokeWidth={LINE_PX * px} />
              <text x={x * w} y={y * h} fontSize={Math.min(NAME_PX * px, (widthOf(drawn.polygon) * w * LETTER) / name(drawn).length)} strokeWidth={3 * px}>
                {name(drawn)}
              </text>
            </g>
          );
        })}
        {selected && !isDrawing && (
          <g key={`handles ${selected.key}`}>
            {selected.polygon.length < CORNERS_MAX &&
              selected.polygon.map((_corner, at) => {
                const [x, y] = middle(selected.polygon, at);
                return (
                  <circle
                    key={`more ${at}`}
                    className="region-more"
                    cx={x * w}
                    cy={y * h}
                    r={HANDLE_PX * 0.7 * px}
                    strokeWidth={LINE_PX * px}
                    onPointerDown={(event) => {
                      dispatch({ type: "more", key: selected.key, at });
                      hold(event, { of: "corner", key: selected.key, at: at + 1 });
                    }}
                  />
                );
              })}
            {selected.polygon.map(([x, y], at) => (
              <circle
                key={at}
                role="button"
                tabIndex={0}
                className="region-corner"
                data-corner={at}
                aria-label={t("regions.corner", { at: at + 1, of: selected.polygon.length, slot: name(selected), x: Math.round(x * w), y: Math.round(y * h) })}
                cx={x * w}
                cy={y * h}
                r={HANDLE_PX * px}
                strokeWidth={LINE_PX * px}
                onPointerDown={(event) => hold(event, { of: "corner", key: selected.key, at })}
                onKeyDown={(event) => onCornerKey(event, selected, at)}
              />
            ))}
          </g>
        )}
        {draft.length > 0 && (
          <g className="region-draft" aria-hidden="true">
            <polyline points={points(draft)} strokeWidth={LINE_PX * px} />
            {draft.map(([x, y], at) => (
              <circle key={at} cx={x * w} cy={y * h} r={(at === 0 ? CLOSE_PX / 1.5 : HANDLE_PX / 1.5) * px} />
            ))}
          </g>
        )}
      </svg>
    </div>
  );
}

function widthOf(polygon: Polygon): number {
  const across = polygon.map(([x]) => x);
  return Math.max(...across) - Math.min(...across);
}

function stepOf([x, y]: Point, isLarge: boolean, w: number, h: number): Point {
  const step = isLarge ? STEP_LARGE_PX : STEP_PX;
  return [(x * step) / w, (y * step) / h];
}

/** Ctrl and the wheel, or two fingers, zoom to where the pointer is; the wheel alone scrolls. */
function useZoomByWheel(frame: React.RefObject<HTMLDivElement | null>, zoom: number, onZoom: (zoom: number) => void) {
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const turn = (event: WheelEvent) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const next = Math.min(ZOOM_MAX, Math.max(1, zoom * 2 ** (-event.deltaY / 300)));
      const box = element.getBoundingClientRect();
      const [x, y] = [event.clientX - box.left, event.clientY - box.top];
      const [left, top] = [((element.scrollLeft + x) * next) / zoom - x, ((element.scrollTop + y) * next) / zoom - y];
      onZoom(next);
      requestAnimationFrame(() => element.scrollTo(left, top));
    };
    element.addEventListener("wheel", turn, { passive: false });
    return () => element.removeEventListener("wheel", turn);
  }, [frame, zoom, onZoom]);
}
