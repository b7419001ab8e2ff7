// How often the slots of each zone were taken.
import { useTranslation } from "../i18n";
import type { components } from "../api/schema";
import { useCounts } from "../live/context";
import { useFormat } from "../session";

interface Props {
  stats: components["schemas"]["SessionStats"];
  days: number;
}

export function Turnover({ stats, days }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const { zones } = useCounts();
  const rows = [...zones].map(([zone, tally]) => {
    const stays = (stats.slots ?? []).filter((slot) => (slot.zone ?? null) === zone).reduce((sum, slot) => sum + slot.stays, 0);
    return { zone, stays, slots: tally.total, perSlot: stays / tally.total / days };
  });
  const most = Math.max(...rows.map((row) => row.perSlot), 0.001);
  return (
    <section className="card turnover" aria-labelledby="turnover-title">
      <h2 id="turnover-title">{t("history.turnover")}</h2>
      <div className="table-wrap">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t("slot.zone")}</th>
              <th scope="col" className="end">
                {t("history.stays")}
              </th>
              <th scope="col" className="end">
                {t("lot.slots")}
              </th>
              <th scope="col" className="turnover-share">
                {t("history.perSlot")}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.zone ?? ""}>
                <td>{row.zone ?? t("lot.noZone")}</td>
                <td className="end num">{format.number(row.stays)}</td>
                <td className="end num">{format.number(row.slots)}</td>
                <td>
                  <span className="turnover-bar">
                    <span style={{ width: `${(row.perSlot / most) * 100}%` }} />
                  </span>
                  <span className="num">{format.number(Math.round(row.perSlot * 100) / 100)}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
