// How full the lot was, how long people stayed, how often slots were taken; for a period, in the time zone of the lot.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "../i18n";
import { answer, api } from "../api/client";
import { STATES } from "../api/types";
import { dayOf } from "../i18n/zone";
import { useCounts, useView } from "../live/context";
import { useFormat, useSession } from "../session";
import { useAddress } from "../ui/address";
import { Failed, PageHead, Waiting } from "../ui/Page";
import { Segments } from "../ui/Segments";
import { csv, download } from "../ui/csv";
import { Icon } from "../ui/icons";
import { useNow } from "../ui/now";
import { columns, occupancy, peak } from "./buckets";
import type { Range } from "./period";
import { RANGES, period } from "./period";
import { StackChart } from "./StackChart";
import { Turnover } from "./Turnover";
import "./history.css";

const HEIGHT = 320;
const MINUTE_MS = 60_000;

export default function HistoryPage() {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const format = useFormat();
  const timeZone = useView((view) => view.lot?.lot.time_zone ?? "UTC");
  const { zones } = useCounts();
  const { search, get, set } = useAddress();
  const zone = get("zone") || undefined;
  const now = useNow(MINUTE_MS);
  const { range, from, to, bucket, days } = period(search, now, timeZone);
  const query = { lot: lotId, from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  const history = useQuery({
    queryKey: ["history", query, bucket],
    queryFn: () => api.GET("/api/slots/history", { params: { query: { ...query, bucket } } }).then(answer),
    refetchInterval: MINUTE_MS,
  });
  const stays = useQuery({
    queryKey: ["stays", query],
    queryFn: () => api.GET("/api/sessions/stats", { params: { query } }).then(answer),
    refetchInterval: MINUTE_MS,
  });
  const shown = useMemo(() => columns(history.data ?? [], zone), [history.data, zone]);
  const busiest = peak(shown);
  const rate = occupancy(shown);
  /** An own period begins as the one that was looked at. */
  const choose = (next: Range) => set(next === "own" ? { range: next, from: dayOf(from, timeZone), to: dayOf(to - 1, timeZone) } : { range: next, from: "", to: "" });

  function save() {
    const header = ["start", "end", "watched_share", ...STATES];
    const rows = shown.map(({ start, end, watched, averages }) => [
      new Date(start).toISOString(),
      new Date(end).toISOString(),
      Math.round(watched * 1_000) / 1_000,
      ...STATES.map((state) => (averages ? Math.round(averages[state] * 1_000) / 1_000 : null)),
    ]);
    download(`${lotId}-${zone ?? "all"}-${range}.csv`, csv(header, rows));
  }

  // Stays are measured for the lot alone.
  const whole = zone === undefined ? null : t("history.wholeLot");
  const seconds = (value: number | null | undefined) => (value === null || value === undefined ? "–" : format.duration(value * 1_000));
  return (
    <>
      <PageHead title={t("nav.history")} note={t("time.in", { zone: timeZone })}>
        <Segments
          label={t("history.range")}
          value={range}
          options={RANGES.map((name) => [name, t(`history.ranges.${name}`)])}
          onChange={choose}
        />
        <button className="button" type="button" disabled={!history.data} onClick={save}>
          <Icon name="download" size={18} />
          {t("common.csv")}
        </button>
      </PageHead>
      {range === "own" && (
        <div className="filters">
          {(["from", "to"] as const).map((name) => (
            <label key={name} className="field">
              <span>{t(name === "from" ? "history.from" : "history.to")}</span>
              <input type="date" max={dayOf(now, timeZone)} value={get(name)} onChange={(event) => set({ [name]: event.target.value })} />
            </label>
          ))}
        </div>
      )}
      <ul className="figures">
        <Figure label={t("history.average")} value={rate === null ? "–" : format.percent(rate)} />
        <Figure label={t("history.peak")} value={busiest ? (bucket === "day" ? format.day(busiest.start) : format.time(busiest.start, now)) : "–"} />
        <Figure label={t("history.stays")} note={whole} value={stays.data ? format.number(stays.data.today) : "–"} />
        <Figure label={t("history.median")} note={whole} value={seconds(stays.data?.stay_median_s)} />
        <Figure label={t("history.p90")} note={whole} value={seconds(stays.data?.stay_p90_s)} />
      </ul>
      <section className="card stack" aria-labelledby="full-title">
        <div className="spread">
          <h2 id="full-title">{t("history.full")}</h2>
          <label className="row fine">
            {t("slot.zone")}
            <select className="input select-small" value={zone ?? ""} onChange={(event) => set({ zone: event.target.value })}>
              <option value="">{t("lot.all")}</option>
              {[...zones.keys()].map((name) => name !== null && <option key={name}>{name}</option>)}
            </select>
          </label>
        </div>
        {history.isError ? (
          <Failed error={history.error} onRetry={() => void history.refetch()} />
        ) : history.data ? (
          <>
            <StackChart columns={shown} height={HEIGHT} label={t("history.full")} />
            <p className="fine history-key">
              <span className="gap-mark" aria-hidden="true" /> {t("history.gapKey")}
            </p>
          </>
        ) : (
          <Waiting height={HEIGHT} />
        )}
      </section>
      {stays.data && <Turnover stats={stays.data} days={days} />}
    </>
  );
}

function Figure({ label, note = null, value }: { label: string; note?: string | null; value: string }) {
  return (
    <li className="card figure">
      <span className="fine">
        {label}
        {note !== null && `, ${note}`}
      </span>
      <strong className="num">{value}</strong>
    </li>
  );
}
