// The curve of today, on the page of the lot.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "../i18n";
import { Link } from "wouter";
import { answer, api } from "../api/client";
import { midnight } from "../i18n/zone";
import { useView } from "../live/context";
import { useSession } from "../session";
import { useNow } from "../ui/now";
import { columns } from "./buckets";
import { StackChart } from "./StackChart";

const HEIGHT = 168;
const QUARTER_MS = 15 * 60_000;
const DAY_MS = 24 * 3_600_000;

export default function Today() {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const timeZone = useView((view) => view.lot?.lot.time_zone ?? "UTC");
  const now = useNow(QUARTER_MS);
  const from = midnight(now, timeZone);
  const { data } = useQuery({
    queryKey: ["history", lotId, from, "quarter"],
    // To the end of the day: what is not over yet stays empty.
    queryFn: () =>
      api
        .GET("/api/slots/history", {
          params: {
            query: { lot: lotId, from: new Date(from).toISOString(), to: new Date(from + DAY_MS).toISOString(), bucket: "quarter" },
          },
        })
        .then(answer),
    refetchInterval: 60_000,
  });
  return (
    <section className="card today" aria-labelledby="today-title">
      <div className="spread">
        <h2 id="today-title">{t("lot.today")}</h2>
        <Link href="/history" className="fine">
          {t("nav.history")}
        </Link>
      </div>
      {data ? (
        <StackChart columns={columns(data)} timeZone={timeZone} height={HEIGHT} label={t("lot.todayOccupied")} />
      ) : (
        <div className="skeleton" style={{ height: HEIGHT }} />
      )}
    </section>
  );
}
