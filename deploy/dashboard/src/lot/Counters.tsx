// The big figures: of the lot, of each zone, of each kind.
import { useTranslation } from "../i18n";
import { KINDS, STATES } from "../api/types";
import { useCounts } from "../live/context";
import type { Tally } from "../live/counts";
import { occupancy } from "../live/counts";
import { useFormat } from "../session";
import { KindMark, StateMark } from "../ui/icons";

export function Counters() {
  const { t } = useTranslation();
  const format = useFormat();
  const { all, zones, kinds } = useCounts();
  const rate = occupancy(all);
  return (
    <>
      <section className="card total" aria-labelledby="total-title">
        <h1 id="total-title" className="fine">
          {t("lot.freeNow")}
        </h1>
        <p className="total-figure num">
          <strong data-testid="free-total">{format.number(all.free)}</strong>
          <span>{t("lot.of", { total: format.number(all.total) })}</span>
        </p>
        <Bar tally={all} />
        <p className="fine total-rate num">
          {rate === null ? t("lot.noOccupancy") : t("lot.occupancy", { percent: format.percent(rate) })}
        </p>
        <ul className="legend" aria-label={t("lot.byState")}>
          {STATES.map((state) => (
            <li key={state} data-none={all[state] === 0 || undefined}>
              <StateMark state={state} />
              <span>{t(`state.${state}`)}</span>
              <span className="num legend-count">{format.number(all[state])}</span>
            </li>
          ))}
        </ul>
      </section>
      <section className="zones" aria-label={t("lot.zones")}>
        {[...zones].map(([zone, tally]) => (
          <article key={zone ?? ""} className="card zone">
            <h2>{zone === null ? t("lot.noZone") : t("lot.zone", { zone })}</h2>
            <p className="zone-figure num">
              <strong>{format.number(tally.free)}</strong>
              <span>{t("lot.of", { total: format.number(tally.total) })}</span>
            </p>
            <Bar tally={tally} />
          </article>
        ))}
        {kinds.size > 1 && (
          <ul className="card kinds" aria-label={t("lot.kinds")}>
            {KINDS.flatMap((kind) => {
              const tally = kinds.get(kind);
              if (!tally || kind === "standard") return [];
              return [
                <li key={kind}>
                  <KindMark kind={kind} size={16} />
                  <span>{t(`kind.${kind}`)}</span>
                  <strong className="num" data-none={tally.free === 0 || undefined}>
                    {format.number(tally.free)}
                    <span> / {format.number(tally.total)}</span>
                  </strong>
                </li>,
              ];
            })}
          </ul>
        )}
      </section>
    </>
  );
}

/** The states as shares of one bar; the words and figures stand elsewhere. */
function Bar({ tally }: { tally: Tally }) {
  return (
    <div className="bar" aria-hidden="true">
      {STATES.map((state) => tally[state] > 0 && <span key={state} data-state={state} style={{ flexGrow: tally[state] }} />)}
    </div>
  );
}
