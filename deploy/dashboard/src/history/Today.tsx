// The curve of today, on the page of the lot.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
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

export default function Today() {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const timeZone = useView((view) => view.lot?.lot.time_zone ?? "UTC");
  const now = useNow(QUARTER_MS);
  // To the end of the day, which may have an hour more or less: what is not over yet stays empty.
  const [from, to] = [midnight(now, timeZone), midnight(now, timeZone, -1)];
  const { data } = useQuery({
    queryKey: ["history", lotId, from, "quarter"],
    queryFn: () =>
      api
        .GET("/api/slots/history", {
          params: {
            query: { lot: lotId, from: new Date(from).toISOString(), to: new Date(to).toISOString(), bucket: "quarter" },
          },
        })
        .then(answer),
    refetchInterval: 60_000,
  });
  const shown = useMemo(() => data && columns(data), [data]);
  return (
    <section className="card today" aria-labelledby="today-title">
      <div className="spread">
        <h2 id="today-title">{t("lot.today")}</h2>
        <Link href="/history" className="fine">
          {t("nav.history")}
        </Link>
      </div>
      {shown ? (
        <StackChart columns={shown} height={HEIGHT} label={t("lot.todayOccupied")} />
      ) : (
        <div className="skeleton" style={{ height: HEIGHT }} />
      )}
    </section>
  );
}
