// The compact grid: a tile for each slot, by zone. One tile is in the order of the Tab key, arrows move from there.
import type { KeyboardEvent } from "react";
import { memo, useCallback, useLayoutEffect, useMemo, useRef } from "react";
import { useTranslation } from "../i18n";
import type { Slot } from "../api/types";
import { kindPath, markPath } from "../ui/icons";
import { useWidth } from "../ui/width";
import type { Cells, Made } from "./cells";
import { drawn, useCells, useFill } from "./cells";
import { move, rows } from "./layout";
import { slotOf, useSlots } from "./label";

/** Of a tile and the space beside it, in pixels; the styles have the same. */
const TILE_WIDTH_MIN = 68;
const TILE_GAP = 6;

interface Props {
  slots: readonly Slot[];
  onOpen: (id: string) => void;
  /** Without the names of zones. */
  isFlat?: boolean;
}

export function SlotGrid({ slots, onOpen, isFlat = false }: Props) {
  const { t } = useTranslation();
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const columns = Math.max(1, Math.floor((width + TILE_GAP) / (TILE_WIDTH_MIN + TILE_GAP)));
  const { active, onFocus, onClick } = useSlots(onOpen);
  const cells = useCells(slots, tile);

  const zones = useMemo(() => {
    const byZone = new Map<string | null, string[]>();
    for (const slot of slots) {
      const zone = isFlat ? null : (slot.zone ?? null);
      const ids = byZone.get(zone);
      if (ids) ids.push(slot.id);
      else byZone.set(zone, [slot.id]);
    }
    let before = 0;
    return [...byZone].map(([zone, ids]) => {
      const part = { zone, rows: rows(ids, columns), before };
      before += ids.length;
      return part;
    });
  }, [slots, columns, isFlat]);
  const all = useMemo(() => zones.flatMap((zone) => zone.rows), [zones]);
  const inTabOrder = active !== null && slots.some((slot) => slot.id === active) ? active : (all[0]?.[0] ?? null);
  useLayoutEffect(() => cells.setTabStop(inTabOrder), [cells, inTabOrder]);

  const onKeyDown = useCallback(
    (event: KeyboardEvent) => {
      const id = slotOf(event.target);
      if (id === null || event.altKey || event.ctrlKey || event.metaKey) return;
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        return onOpen(id);
      }
      const next = move(all, id, event.key);
      if (next === null) return;
      event.preventDefault();
      document.getElementById(`slot-${next}`)?.focus();
    },
    [all, onOpen],
  );

  return (
    <div ref={frame} className="grids" onKeyDown={onKeyDown} onFocus={onFocus} onClick={onClick}>
      {(width > 0 ? zones : []).map(({ zone, rows, before }) => {
        const name = zone === null ? t("lot.noZone") : t("lot.zone", { zone });
        return (
          <div key={zone ?? ""} className="zone-slots">
            {!isFlat && (zones.length > 1 || zone !== null) && <h3 className="zone-title">{name}</h3>}
            <Rows rows={rows} before={before} columns={columns} cells={cells} label={isFlat ? t("lot.unplaced") : name} />
          </div>
        );
      })}
    </div>
  );
}

/** The tiles of a zone, in their rows. */
const Rows = memo(function Rows({ rows, columns, cells, label, before }: { rows: readonly (readonly string[])[]; columns: number; cells: Cells; label: string; before: number }) {
  const grid = useRef<HTMLDivElement>(null);
  const make = useCallback(() => {
    return rows.map((ids) => {
      const row = document.createElement("div");
      row.setAttribute("role", "row");
      row.className = "slot-row";
      row.style.gridTemplateColumns = `repeat(${columns}, 1fr)`;
      row.append(...ids.flatMap((id) => cells.of(id) ?? []));
      return row;
    });
  }, [rows, columns, cells]);
  useFill(grid, before, make);
  return <div ref={grid} role="grid" aria-label={label} className="slot-grid" />;
});

const MARK_PX = 13;
const KIND_PX = 12;

function tile(slot: Slot): Made {
  const cell = document.createElement("div");
  cell.setAttribute("role", "gridcell");
  cell.className = "tile";
  const code = document.createElement("span");
  code.className = "tile-code";
  code.textContent = slot.code;
  cell.append(mark("mark", MARK_PX, ""), code);
  const kind = kindPath(slot.kind);
  if (kind) cell.append(mark("kind-mark", KIND_PX, kind));
  return { cell, outline: markPath };
}

function mark(className: string, px: number, d: string): SVGElement {
  const svg = drawn("svg", { class: className, viewBox: "0 0 16 16", width: px, height: px, "aria-hidden": "true" });
  svg.append(drawn("path", { d, "fill-rule": "evenodd" }));
  return svg;
}
