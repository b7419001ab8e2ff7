// The compact grid: a tile for each slot, by zone. One tile is in the order of the Tab key, arrows move from there.
import type { KeyboardEvent } from "react";
import { memo, useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "../i18n";
import type { Slot } from "../api/types";
import { useSlot } from "../live/context";
import { KindMark, StateMark } from "../ui/icons";
import { move, rows } from "./layout";
import { slotOf, useLabel, useSlots } from "./label";

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
  const [columns, setColumns] = useState(8);
  const { active, onFocus, onClick } = useSlots(onOpen);

  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const measure = () => setColumns(Math.max(1, Math.floor((element.clientWidth + TILE_GAP) / (TILE_WIDTH_MIN + TILE_GAP))));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const zones = useMemo(() => {
    const byZone = new Map<string | null, string[]>();
    for (const slot of slots) {
      const zone = isFlat ? null : (slot.zone ?? null);
      const ids = byZone.get(zone);
      if (ids) ids.push(slot.id);
      else byZone.set(zone, [slot.id]);
    }
    return [...byZone].map(([zone, ids]) => ({ zone, rows: rows(ids, columns) }));
  }, [slots, columns, isFlat]);
  const all = useMemo(() => zones.flatMap((zone) => zone.rows), [zones]);
  const inTabOrder = active !== null && slots.some((slot) => slot.id === active) ? active : (all[0]?.[0] ?? null);

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
      {zones.map(({ zone, rows }) => {
        const name = zone === null ? t("lot.noZone") : t("lot.zone", { zone });
        return (
          <div key={zone ?? ""} className="zone-slots">
            {!isFlat && (zones.length > 1 || zone !== null) && <h3 className="zone-title">{name}</h3>}
            <div role="grid" aria-label={isFlat ? t("lot.unplaced") : name} className="slot-grid">
              {rows.map((ids) => (
                <div key={ids[0]} role="row" className="slot-row" style={{ gridTemplateColumns: `repeat(${columns}, 1fr)` }}>
                  {ids.map((id) => (
                    <Tile key={id} id={id} isInTabOrder={id === inTabOrder} />
                  ))}
                </div>
              ))}
            </div>
          </div>
        );
      })}
    </div>
  );
}

const Tile = memo(function Tile({ id, isInTabOrder }: { id: string; isInTabOrder: boolean }) {
  const [slot, pending] = useSlot(id);
  const label = useLabel();
  if (!slot) return null;
  return (
    <div
      role="gridcell"
      id={`slot-${id}`}
      className="tile"
      data-slot={id}
      data-state={slot.state}
      data-pending={pending ? true : undefined}
      tabIndex={isInTabOrder ? 0 : -1}
      aria-label={label(slot, pending)}
      aria-busy={pending ? true : undefined}
    >
      <StateMark state={slot.state} size={13} />
      <span className="tile-code">{slot.code}</span>
      <KindMark kind={slot.kind} size={12} />
    </div>
  );
});
