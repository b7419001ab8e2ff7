// The plan of the lot: a bay for each slot where it lies. Arrows move to the neighbour in that direction.
import type { KeyboardEvent } from "react";
import { memo, useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "../i18n";
import type { Slot, SlotState } from "../api/types";
import { Icon, kindPath, markPath } from "../ui/icons";
import { placed } from "../ui/outline";
import { useWidth } from "../ui/width";
import type { Cells, Made } from "./cells";
import { drawn, useCells, useFill } from "./cells";
import { slotOf, useSlots } from "./label";
import type { Box, Direction } from "./layout";
import { around, neighbour, plan, rows } from "./layout";

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

/** Bays of one part of the drawing: few enough to be painted again in no time, and enough that there are few parts. */
const PART_MAX = 100;
/** For the lines around its bays. */
const PART_MARGIN_M = 0.4;

const DIRECTIONS: Record<string, Direction> = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

interface Props {
  slots: readonly Slot[];
  onOpen: (id: string) => void;
}

export function SlotMap({ slots, onOpen }: Props) {
  const { t } = useTranslation();
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const [zoom, setZoom] = useState(1);
  const { active, onFocus, onClick } = useSlots(onOpen);
  const { boxes, area } = useMemo(() => plan(slots), [slots]);
  const zones = useMemo(() => zonesOf(slots, boxes), [slots, boxes]);
  const inTabOrder = active !== null && boxes.has(active) ? active : (slots[0]?.id ?? null);

  const fitting = Math.min(width / area.w, HEIGHT_MAX / area.h);
  const metre = Math.max(fitting, METRE_PX_MIN) * zoom;
  const isReadable = metre * TEXT_M_MAX >= TEXT_PX_MIN;
  const parts = useMemo(() => partsOf(boxes), [boxes]);
  const make = useCallback((slot: Slot) => bay(slot, boxes.get(slot.id) ?? area, isReadable), [boxes, area, isReadable]);
  const cells = useCells(slots, make);
  useLayoutEffect(() => cells.setTabStop(inTabOrder), [cells, inTabOrder]);

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
          <div
            className="map-plan"
            style={{ width: area.w * metre, height: area.h * metre }}
            role="group"
            aria-label={t("lot.map")}
            onKeyDown={onKeyDown}
            onFocus={onFocus}
            onClick={onClick}
          >
            <svg className="map-part" width={area.w * metre} height={area.h * metre} viewBox={`${area.x} ${area.y} ${area.w} ${area.h}`} aria-hidden="true">
              {zones.map(({ zone, box }) => (
                <g key={zone}>
                  <rect className="map-zone" x={box.x} y={box.y} width={box.w} height={box.h} rx={1.2} />
                  <text className="map-zone-name" x={box.x + 0.2} y={box.y - 0.6} fontSize={1.3}>
                    {t("lot.zone", { zone })}
                  </text>
                </g>
              ))}
            </svg>
            {parts.map(({ ids, box }, index) => (
              <Part key={ids[0]} before={index * PART_MAX} ids={ids} box={box} area={area} metre={metre} cells={cells} />
            ))}
          </div>
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

/** Bays that lie together, as a drawing of its own: when one of them changes, the browser paints these again and not the whole lot. */
const Part = memo(function Part({ ids, box, area, metre, cells, before }: { ids: readonly string[]; box: Box; area: Box; metre: number; cells: Cells; before: number }) {
  const part = useRef<SVGSVGElement>(null);
  const make = useCallback(() => ids.flatMap((id) => cells.of(id) ?? []), [ids, cells]);
  useFill(part, before, make);
  return (
    <svg
      ref={part}
      className="map-part"
      role="presentation"
      style={{ left: (box.x - area.x) * metre, top: (box.y - area.y) * metre }}
      width={box.w * metre}
      height={box.h * metre}
      viewBox={`${box.x} ${box.y} ${box.w} ${box.h}`}
    />
  );
});

function bay(slot: Slot, { x, y, w, h }: Box, isReadable: boolean): Made {
  const kind = kindPath(slot.kind);
  const isUpright = h >= w;
  const [middleX, middleY] = [x + w / 2, y + h / 2];
  const mark = isReadable ? Math.min(Math.min(w, h) * 0.4, MARK_M_MAX) : Math.min(w, h) * 0.6;
  const text = Math.min((w * 1.3) / Math.max(slot.code.length, 4), h * 0.26, TEXT_M_MAX);
  // Upright bays have the shape above the code, others beside it.
  const [markX, markY] = !isReadable ? [middleX, middleY] : isUpright ? [middleX, middleY - h * 0.14] : [x + w * 0.22, middleY];
  const [textX, textY] = isUpright ? [middleX, middleY + h * 0.17] : [x + w * 0.62, middleY];
  const cell = drawn("g", { role: "button", class: "bay" });
  // Outlines where they belong instead of moved there: each transform would be a layer to the browser, and thousands are slow.
  const outline = (state: SlotState) => placed(markPath(state), markX - mark / 2, markY - mark / 2, mark / 16);
  cell.append(drawn("rect", { x, y, width: w, height: h, rx: Math.min(w, h) * 0.12 }), drawn("path", { "fill-rule": "evenodd" }));
  if (!isReadable) return { cell, outline };
  cell.append(drawn("text", { x: textX, y: textY, "font-size": text }, slot.code));
  if (kind) {
    const [kindX, kindY] = isUpright ? [middleX - mark * 0.31, y + h - mark * 0.85] : [x + w - mark * 0.75, middleY - mark * 0.3];
    cell.append(drawn("path", { class: "bay-kind", d: placed(kind, kindX, kindY, (mark * 0.62) / 16), "fill-rule": "evenodd" }));
  }
  return { cell, outline };
}

/** Bays that lie together, so many at most. */
function partsOf(boxes: ReadonlyMap<string, Box>): { ids: string[]; box: Box }[] {
  const byPlace = [...boxes].sort(([, a], [, b]) => a.y - b.y || a.x - b.x);
  return rows(byPlace.map(([id]) => id), PART_MAX).map((ids) => ({ ids, box: around(ids.flatMap((id) => boxes.get(id) ?? []), PART_MARGIN_M) }));
}

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
