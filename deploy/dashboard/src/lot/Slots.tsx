// Every slot, on the map or as a compact grid, one storey at a time; one of them is in the order of the Tab key.
import { useMemo, useState } from "react";
import { useTranslation } from "../i18n";
import { useLive, useView } from "../live/context";
import { Segments } from "../ui/Segments";
import { SlotGrid } from "./SlotGrid";
import { SlotMap } from "./SlotMap";

const SHAPES = ["map", "grid"] as const;
type Shape = (typeof SHAPES)[number];

const KEY = "slots-as";
/** Narrower than this, bays on a map are too small for a finger. */
const MAP_WIDTH_MIN = 720;

export function Slots({ onOpen }: { onOpen: (id: string) => void }) {
  const { t } = useTranslation();
  const { store } = useLive();
  const order = useView((view) => view.lot?.order);
  const [shape, setShape] = useState<Shape>(remembered);
  const [level, setLevel] = useState<number | null>(null);

  // By order, not by slots: a change of state lays nothing out anew.
  const all = useMemo(() => (order ?? []).flatMap((id) => store.slot(id) ?? []), [order, store]);
  const levels = useMemo(() => [...new Set(all.map((slot) => slot.level))].sort((a, b) => b - a), [all]);
  const shownLevel = level !== null && levels.includes(level) ? level : levels.includes(0) ? 0 : levels[0];
  const shown = useMemo(() => all.filter((slot) => slot.level === shownLevel), [all, shownLevel]);
  const placed = useMemo(() => shown.filter((slot) => slot.position), [shown]);
  const canMap = placed.length > 0;
  const isMap = canMap && shape === "map";
  const unplaced = useMemo(() => (isMap ? shown.filter((slot) => !slot.position) : []), [isMap, shown]);

  const choose = (next: Shape) => {
    setShape(next);
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // It is not remembered then.
    }
  };
  return (
    <section className="card slots" aria-labelledby="slots-title">
      <div className="page-head slots-head">
        <div>
          <h2 id="slots-title">{t("lot.slots")}</h2>
          <p className="fine slots-hint">{t("lot.slotsHint")}</p>
        </div>
        <div className="row wrap">
          {levels.length > 1 && (
            <Segments
              label={t("lot.levels")}
              value={String(shownLevel)}
              options={levels.map((each) => [String(each), t("lot.level", { level: each })])}
              onChange={(next) => setLevel(Number(next))}
            />
          )}
          {canMap && (
            <Segments
              label={t("lot.view")}
              value={shape}
              options={SHAPES.map((each) => [each, t(each === "map" ? "lot.map" : "lot.grid")])}
              onChange={choose}
            />
          )}
        </div>
      </div>
      <div className="dims">
        {isMap && <SlotMap slots={placed} onOpen={onOpen} />}
        {isMap && unplaced.length > 0 && <h3 className="zone-title">{t("lot.unplaced")}</h3>}
        {!isMap && <SlotGrid slots={shown} onOpen={onOpen} />}
        {unplaced.length > 0 && <SlotGrid slots={unplaced} onOpen={onOpen} isFlat />}
      </div>
    </section>
  );
}

function remembered(): Shape {
  try {
    const kept = localStorage.getItem(KEY);
    if (kept === "map" || kept === "grid") return kept;
  } catch {
    // Storage may be forbidden.
  }
  return innerWidth >= MAP_WIDTH_MIN ? "map" : "grid";
}
