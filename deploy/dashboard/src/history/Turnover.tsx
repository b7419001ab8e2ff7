// How often the slots of each zone were taken.
import { useTranslation } from "../i18n";
import type { components } from "../api/schema";
import { useCounts } from "../live/context";
import { useFormat } from "../session";
import type { Column } from "../ui/Table";
import { Table } from "../ui/Table";

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
  const columns: Column<(typeof rows)[number]>[] = [
    { title: t("slot.zone"), cell: ({ zone }) => zone ?? t("lot.noZone") },
    { title: t("history.stays"), look: "end", cellLook: "num", cell: ({ stays }) => format.number(stays) },
    { title: t("lot.slots"), look: "end", cellLook: "num", cell: ({ slots }) => format.number(slots) },
    {
      title: t("history.perSlot"),
      look: "turnover-share",
      cell: ({ perSlot }) => (
        <>
          <span className="turnover-bar">
            <span style={{ width: `${(perSlot / most) * 100}%` }} />
          </span>
          <span className="num">{format.number(Math.round(perSlot * 100) / 100)}</span>
        </>
      ),
    },
  ];
  return (
    <section className="card turnover" aria-labelledby="turnover-title">
      <h2 id="turnover-title">{t("history.turnover")}</h2>
      <Table columns={columns} rows={rows} keyOf={({ zone }) => zone ?? ""} />
    </section>
  );
}
