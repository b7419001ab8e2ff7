// How all cameras are doing, one a row: the one that needs somebody is found by sorting.
import { useMemo } from "react";
import { useTranslation } from "../i18n";
import { Link } from "wouter";
import type { Camera, Health } from "../api/types";
import { useFormat } from "../session";
import type { Column } from "../ui/Table";
import { Table } from "../ui/Table";
import { useNow } from "../ui/now";
import { CameraBadge, conditionOf } from "./CameraBadge";
import { modeWord, resetWord, updateWord } from "./told";

export function FleetTable({ cameras }: { cameras: readonly Camera[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const columns = useMemo((): readonly Column<Camera>[] => {
    type Of<T> = (health: Health) => T | null | undefined;
    const health = ({ contact }: Camera) => contact?.health ?? {};
    const number = (title: string, value: Of<number>, words = format.number): Column<Camera> => {
      const order = (camera: Camera) => value(health(camera));
      return { title, look: "end", cellLook: "num", order, cell: (camera) => shown(order(camera), words) };
    };
    const word = (title: string, value: Of<string>): Column<Camera> => {
      const order = (camera: Camera) => value(health(camera));
      return { title, order, cell: (camera) => order(camera) ?? "–" };
    };
    const seen: Column<Camera> = {
      title: t("cameras.seen"),
      cellLook: "num",
      order: ({ contact }) => contact && Date.parse(contact.seen_at),
      cell: ({ contact }) => (contact ? format.ago(contact.seen_at, now) : t("cameras.conditions.never")),
    };
    return [
      {
        title: t("cameras.name"),
        order: ({ name }) => name,
        cell: ({ id, name }) => (
          <Link href={`/cameras/${id}`}>
            <strong>{name}</strong>
          </Link>
        ),
      },
      { title: t("cameras.condition"), order: conditionOf, cell: (camera) => <CameraBadge camera={camera} /> },
      seen,
      number(t("cameras.signal"), ({ rssi_dbm }) => rssi_dbm, (value) => `${format.number(value)} dBm`),
      number(t("cameras.heap"), ({ free_heap_bytes }) => free_heap_bytes, format.bytes),
      number(t("cameras.queue"), ({ queue_depth }) => queue_depth),
      number(t("cameras.dropped"), ({ dropped }) => dropped),
      number(t("cameras.errors"), ({ errors }) => errors),
      word(t("cameras.mode"), (each) => modeWord(t, each)),
      word(t("cameras.reset"), (each) => resetWord(t, each)),
      word(t("cameras.firmware"), ({ firmware }) => firmware),
      word(t("cameras.update"), (each) => updateWord(t, each)),
    ];
  }, [t, format, now]);
  return (
    <section className="card flush fleet dims" aria-label={t("cameras.health")}>
      <Table columns={columns} rows={cameras} keyOf={({ id }) => id} />
    </section>
  );
}

function shown(value: number | null | undefined, words: (value: number) => string) {
  return value == null ? "–" : words(value);
}
