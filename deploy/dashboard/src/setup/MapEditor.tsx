// The plan, to be arranged: bays are dragged, or moved by arrow keys; each move is saved when it ends.
import type { KeyboardEvent, PointerEvent } from "react";
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useTranslation } from "../i18n";
import { api, change } from "../api/client";
import type { Slot } from "../api/types";
import { useLive, useView } from "../live/context";
import type { LotStore } from "../live/store";
import { useSession } from "../session";
import { plan } from "../lot/layout";
import { ProblemNote } from "../ui/Problem";
import { Empty } from "../ui/Page";
import { useWidth } from "../ui/width";
import type { Point } from "./moves";
import { Moves } from "./moves";

/** Positions are saved to this many metres. */
const SNAP_M = 0.1;
const STEP_M = 0.1;
const STEP_LARGE_M = 1;
const METRE_PX_MIN = 9;
/** After the last key, before a position is saved. */
const KEY_SAVE_MS = 600;

const STEPS: Record<string, Point> = { ArrowLeft: { x: -1, y: 0 }, ArrowRight: { x: 1, y: 0 }, ArrowUp: { x: 0, y: -1 }, ArrowDown: { x: 0, y: 1 } };

export function MapEditor() {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const lot = useView((view) => view.lot);
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const [level, setLevel] = useState(0);
  const { store } = useLive();
  const [problem, setProblem] = useState<unknown>(null);
  const drag = useRef<{ id: string; from: Point; grip: Point } | null>(null);
  const { moves, moved } = useMoves(lotId, store, setProblem);

  const slots = useMemo(() => (lot?.order ?? []).flatMap((id) => lot?.slots.get(id) ?? []), [lot?.order, lot?.slots]);
  const levels = useMemo(() => [...new Set(slots.map((slot) => slot.level))].sort((a, b) => b - a), [slots]);
  const shown = useMemo(() => slots.filter((slot) => slot.level === (levels.includes(level) ? level : levels[0])), [slots, levels, level]);
  // The sizes come from where the bays were: a bay that is dragged does not change its neighbours under the hand.
  const { boxes, area } = useMemo(() => plan(shown), [shown]);
  const placed = shown.filter((slot) => slot.position);
  const unplaced = shown.filter((slot) => !slot.position);

  const metre = Math.max(width / area.w, METRE_PX_MIN);

  const at = (event: PointerEvent): Point => {
    const origin = frame.current?.querySelector("svg")?.getBoundingClientRect();
    return { x: (event.clientX - (origin?.left ?? 0)) / metre, y: (event.clientY - (origin?.top ?? 0)) / metre };
  };
  const here = (slot: Slot): Point => moved.get(slot.id) ?? slot.position ?? { x: 0, y: 0 };

  const onDown = (event: PointerEvent<SVGGElement>, slot: Slot) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { id: slot.id, from: here(slot), grip: at(event) };
  };
  const onMove = (event: PointerEvent, slot: Slot) => {
    const held = drag.current;
    if (held?.id !== slot.id) return;
    const now = at(event);
    moves.put(slot.id, { x: snap(held.from.x + now.x - held.grip.x), y: snap(held.from.y + now.y - held.grip.y) });
  };
  const onUp = (slot: Slot) => {
    if (drag.current?.id !== slot.id) return;
    drag.current = null;
    moves.save(slot.id, 0);
  };
  const onKey = (event: KeyboardEvent, slot: Slot) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const length = event.shiftKey ? STEP_LARGE_M : STEP_M;
    const from = here(slot);
    moves.put(slot.id, { x: snap(from.x + step.x * length), y: snap(from.y + step.y * length) });
    moves.save(slot.id, KEY_SAVE_MS);
  };
  const place = (slot: Slot) => {
    moves.put(slot.id, { x: snap(area.x + area.w / 2), y: snap(area.y + area.h / 2) });
    moves.save(slot.id, 0);
  };

  if (shown.length === 0) return <Empty title={t("lot.empty")} />;
  return (
    <section className="card stack" aria-label={t("setup.parts.map")}>
      <div className="spread">
        <p className="muted setup-lead">{t("setup.mapLead")}</p>
        {levels.length > 1 && (
          <label className="row fine">
            {t("slot.level")}
            <select className="input select-small" value={level} onChange={(event) => setLevel(Number(event.target.value))}>
              {levels.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
        )}
      </div>
      <ProblemNote error={problem} />
      <div ref={frame} className="map-frame editor">
        <svg className="map-plan" width={area.w * metre} height={area.h * metre} viewBox={`${area.x} ${area.y} ${area.w} ${area.h}`} role="group" aria-label={t("lot.map")}>
          {placed.map((slot) => {
            const box = boxes.get(slot.id);
            if (!box) return null;
            const { x, y } = here(slot);
            return (
              <g
                key={slot.id}
                role="button"
                tabIndex={0}
                className="editor-bay"
                data-slot={slot.id}
                data-moved={moved.has(slot.id) || undefined}
                aria-label={t("setup.bay", { code: slot.code, x, y })}
                onPointerDown={(event) => onDown(event, slot)}
                onPointerMove={(event) => onMove(event, slot)}
                onPointerUp={() => onUp(slot)}
                onPointerCancel={() => {
                  drag.current = null;
                  moves.drop(slot.id);
                }}
                onKeyDown={(event) => onKey(event, slot)}
              >
                <rect x={x - box.w / 2} y={y - box.h / 2} width={box.w} height={box.h} rx={0.25} />
                <text x={x} y={y} fontSize={Math.min((box.w * 1.3) / Math.max(slot.code.length, 4), box.h * 0.3, 0.74)}>
                  {slot.code}
                </text>
              </g>
            );
          })}
        </svg>
      </div>
      {unplaced.length > 0 && (
        <div className="stack">
          <h3>{t("lot.unplaced")}</h3>
          <div className="codes">
            {unplaced.map((slot) => (
              <button key={slot.id} className="button small" type="button" onClick={() => place(slot)}>
                {t("setup.place", { code: slot.code })}
              </button>
            ))}
          </div>
        </div>
      )}
    </section>
  );
}

/** The moves of this lot, and where they show bays. */
function useMoves(lotId: string, store: LotStore, onProblem: (error: unknown) => void) {
  const { moves, subscribe } = useMemo(() => {
    const listeners = new Set<() => void>();
    const moves = new Moves({
      slot: store.slot.bind(store),
      seq: () => store.view().lot?.seq ?? 0,
      send: (slot, rev, position) => {
        onProblem(null);
        return change((key) =>
          api.PATCH("/api/slots/{slot}", {
            params: { path: { slot: slot.id }, query: { lot: lotId }, header: { "If-Match": `"${rev}"`, "Idempotency-Key": key } },
            body: { position },
          }),
        );
      },
      changed: () => listeners.forEach((listener) => listener()),
      failed: onProblem,
    });
    const subscribe = (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    };
    return { moves, subscribe };
  }, [lotId, store, onProblem]);
  useEffect(() => store.subscribe(() => moves.settle()), [store, moves]);
  useEffect(() => () => moves.flush(), [moves]);
  return { moves, moved: useSyncExternalStore(subscribe, moves.points) };
}

function snap(metres: number): number {
  return Math.round(metres / SNAP_M) / Math.round(1 / SNAP_M);
}
