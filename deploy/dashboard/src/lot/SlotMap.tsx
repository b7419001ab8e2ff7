// The plan of the lot: a bay for each slot where it lies. Arrows move to the neighbour in that direction.
import type { KeyboardEvent } from "react";
import { memo, useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "../i18n";
import type { Slot } from "../api/types";
import { useSlot } from "../live/context";
import { Icon, kindPath, markPath } from "../ui/icons";
import { slotOf, useLabel, useSlots } from "./label";
import type { Box, Direction } from "./layout";
import { around, neighbour, plan } from "./layout";

const ZOOM_STEP = 1.5;
const ZOOM_MAX = 8;
/** However small the screen, a metre is at least so many pixels before the map scrolls. */
const METRE_PX_MIN = 7;
/** Of a tall lot, what fits on a screen without scrolling the page, in pixels. */
const HEIGHT_MAX = 640;

/** Of a code and of a shape, in metres: a wider bay does not shout. */
const TEXT_M_MAX = 0.74;
const MARK_M_MAX = 0.92;
/** Smaller than this a code is a smudge, and thousands of smudges are slow: the shape stays, the code comes with zooming in. */
const TEXT_PX_MIN = 7;

const DIRECTIONS: Record<string, Direction> = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

interface Props {
  slots: readonly Slot[];
  onOpen: (id: string) => void;
}

export function SlotMap({ slots, onOpen }: Props) {
  const { t } = useTranslation();
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [zoom, setZoom] = useState(1);
  const { active, onFocus, onClick } = useSlots(onOpen);
  const { boxes, area } = useMemo(() => plan(slots), [slots]);
  const zones = useMemo(() => zonesOf(slots, boxes), [slots, boxes]);
  const inTabOrder = active !== null && boxes.has(active) ? active : (slots[0]?.id ?? null);

  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const measure = () => setWidth(element.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const fitting = Math.min(width / area.w, HEIGHT_MAX / area.h);
  const metre = Math.max(fitting, METRE_PX_MIN) * zoom;
  const isReadable = metre * TEXT_M_MAX >= TEXT_PX_MIN;

  const onKeyDown = useCallback(
    (event: KeyboardEvent) => {
      const id = slotOf(event.target);
      if (id === null || event.altKey || event.ctrlKey || event.metaKey) return;
      const direction = DIRECTIONS[event.key];
      const isOpening = event.key === "Enter" || event.key === " ";
      const next = direction ? neighbour(boxes, id, direction) : event.key === "Home" ? slots[0]?.id : event.key === "End" ? slots.at(-1)?.id : null;
      if (!direction && !isOpening && !next) return;
      event.preventDefault();
      if (isOpening) onOpen(id);
      else if (next) document.getElementById(`slot-${next}`)?.focus();
    },
    [boxes, slots, onOpen],
  );

  return (
    <div className="map">
      <div ref={frame} className="map-frame">
        {width > 0 && (
          <svg
            className="map-plan"
            width={area.w * metre}
            height={area.h * metre}
            viewBox={`${area.x} ${area.y} ${area.w} ${area.h}`}
            role="group"
            aria-label={t("lot.map")}
            onKeyDown={onKeyDown}
            onFocus={onFocus}
            onClick={onClick}
          >
            {zones.map(({ zone, box }) => (
              <g key={zone} aria-hidden="true">
                <rect className="map-zone" x={box.x} y={box.y} width={box.w} height={box.h} rx={1.2} />
                <text className="map-zone-name" x={box.x + 0.2} y={box.y - 0.6} fontSize={1.3}>
                  {t("lot.zone", { zone })}
                </text>
              </g>
            ))}
            {slots.map(({ id }) => {
              const box = boxes.get(id);
              return box && <Bay key={id} id={id} x={box.x} y={box.y} w={box.w} h={box.h} isReadable={isReadable} isInTabOrder={id === inTabOrder} />;
            })}
          </svg>
        )}
      </div>
      <div className="map-zoom" role="group" aria-label={t("lot.view")}>
        <button className="button square" type="button" aria-label={t("lot.zoomIn")} disabled={zoom >= ZOOM_MAX} onClick={() => setZoom(Math.min(zoom * ZOOM_STEP, ZOOM_MAX))}>
          <Icon name="plus" size={18} />
        </button>
        <button className="button square" type="button" aria-label={t("lot.zoomOut")} disabled={zoom <= 1} onClick={() => setZoom(Math.max(zoom / ZOOM_STEP, 1))}>
          <Icon name="minus" size={18} />
        </button>
      </div>
    </div>
  );
}

const Bay = memo(function Bay({ id, x, y, w, h, isReadable, isInTabOrder }: Box & { id: string; isReadable: boolean; isInTabOrder: boolean }) {
  const [slot, pending] = useSlot(id);
  const label = useLabel();
  if (!slot) return null;
  const kind = kindPath(slot.kind);
  const isUpright = h >= w;
  const [middleX, middleY] = [x + w / 2, y + h / 2];
  const mark = isReadable ? Math.min(Math.min(w, h) * 0.4, MARK_M_MAX) : Math.min(w, h) * 0.6;
  const text = Math.min((w * 1.3) / Math.max(slot.code.length, 4), h * 0.26, TEXT_M_MAX);
  // Upright bays have the shape above the code, others beside it.
  const [markX, markY] = !isReadable ? [middleX, middleY] : isUpright ? [middleX, middleY - h * 0.14] : [x + w * 0.22, middleY];
  const [textX, textY] = isUpright ? [middleX, middleY + h * 0.17] : [x + w * 0.62, middleY];
  return (
    <g
      role="button"
      id={`slot-${id}`}
      className="bay"
      data-slot={id}
      data-state={slot.state}
      data-pending={pending ? true : undefined}
      tabIndex={isInTabOrder ? 0 : -1}
      aria-label={label(slot, pending)}
      aria-busy={pending ? true : undefined}
    >
      <rect x={x} y={y} width={w} height={h} rx={Math.min(w, h) * 0.12} />
      <path d={markPath(slot.state)} fillRule="evenodd" transform={`translate(${markX - mark / 2} ${markY - mark / 2}) scale(${mark / 16})`} />
      {isReadable && (
        <text x={textX} y={textY} fontSize={text}>
          {slot.code}
        </text>
      )}
      {kind && isReadable && (
        <path
          className="bay-kind"
          d={kind}
          fillRule="evenodd"
          transform={`translate(${isUpright ? middleX - mark * 0.31 : x + w - mark * 0.75} ${isUpright ? y + h - mark * 0.85 : middleY - mark * 0.3}) scale(${(mark * 0.62) / 16})`}
        />
      )}
    </g>
  );
});

function zonesOf(slots: readonly Slot[], boxes: ReadonlyMap<string, Box>): { zone: string; box: Box }[] {
  const byZone = new Map<string, Box[]>();
  for (const { id, zone } of slots) {
    const box = boxes.get(id);
    if (!zone || !box) continue;
    const all = byZone.get(zone);
    if (all) all.push(box);
    else byZone.set(zone, [box]);
  }
  return [...byZone].map(([zone, all]) => ({ zone, box: around(all, 0.5) }));
}
