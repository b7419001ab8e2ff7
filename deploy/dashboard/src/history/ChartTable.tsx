// What a chart shows, to be read: a picture says nothing to who cannot see it, and nothing exact to anybody.
import { useState } from "react";
import { useTranslation } from "../i18n";
import type { Column } from "../ui/Table";
import { Table } from "../ui/Table";

interface Props<Row> {
  /** Of the chart. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
}

export function ChartTable<Row>({ label, columns, rows, keyOf }: Props<Row>) {
  const { t } = useTranslation();
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details className="chart-table" onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary className="fine">
        {t("history.asTable")} <span className="visually-hidden">{label}</span>
      </summary>
      {isOpen && (
        <div className="chart-rows" tabIndex={0} role="region" aria-label={label}>
          <Table columns={columns} rows={rows} keyOf={keyOf} />
        </div>
      )}
    </details>
  );
}
