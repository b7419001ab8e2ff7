// How a camera was doing over the last day or week: signal, memory, what waited, and when it started again.
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { answer, api } from "../api/client";
import type { Camera, HealthSample } from "../api/types";
import { useTranslation } from "../i18n";
import { useFormat, useSession } from "../session";
import { Segments } from "../ui/Segments";
import { useNow } from "../ui/now";
import { LineChart } from "./LineChart";
import { readings, restarts, uptimeHours } from "./readings";

const DAY_MS = 86_400_000;
const RANGES = { day: DAY_MS, week: 7 * DAY_MS } as const;
type Range = keyof typeof RANGES;
/** How often it is asked for; the daemon has a value for each ten minutes. */
const STEP_MS = 60_000;

const NONE: readonly HealthSample[] = [];

export function HealthCharts({ camera }: { camera: Camera }) {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const format = useFormat();
  const [range, setRange] = useState<Range>("day");
  const now = useNow(STEP_MS);
  const from = now - RANGES[range];
  const { data = NONE, isPending } = useQuery({
    queryKey: ["health", lotId, camera.id, range, from],
    placeholderData: (before) => before,
    queryFn: () =>
      api
        .GET("/api/cameras/{camera}/health", { params: { path: { camera: camera.id }, query: { lot: lotId, from: new Date(from).toISOString() } } })
        .then(answer),
  });
  const marks = useMemo(() => restarts(data), [data]);
  const lines = useMemo(() => {
    const of = (value: (sample: HealthSample) => number | null | undefined) => readings(data, camera.interval_s, value);
    return { signal: of((each) => each.rssi_dbm), heap: of((each) => each.free_heap_bytes), queue: of((each) => each.queue_depth), uptime: of(uptimeHours) };
  }, [data, camera.interval_s]);
  const dbm = useCallback((value: number) => `${format.number(Math.round(value))} dBm`, [format]);
  const count = useCallback((value: number) => (Number.isInteger(value) ? format.number(value) : ""), [format]);
  const period = { from, to: now };
  return (
    <>
      <div className="spread health-range">
        <h3>{t("cameras.course")}</h3>
        <Segments label={t("history.range")} value={range} options={(Object.keys(RANGES) as Range[]).map((name) => [name, t(`cameras.ranges.${name}`)])} onChange={setRange} />
      </div>
      {data.length < 2 ? (
        <p className="fine health-note">{isPending ? t("app.loading") : t("cameras.noCourse")}</p>
      ) : (
        <>
          <p className="fine health-note">{t("cameras.restarts", { number: format.number(marks.length) })}</p>
          <LineChart label={t("cameras.signal")} readings={lines.signal} words={dbm} period={period} marks={marks} isFromNought={false} />
          <LineChart label={t("cameras.heap")} readings={lines.heap} words={format.bytes} period={period} marks={marks} />
          <LineChart label={t("cameras.queue")} readings={lines.queue} words={count} period={period} marks={marks} />
          <LineChart label={t("cameras.uptime")} readings={lines.uptime} words={format.hours} period={period} marks={marks} />
        </>
      )}
    </>
  );
}
