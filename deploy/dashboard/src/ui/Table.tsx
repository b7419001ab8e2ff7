// A table of records: a column says how it is called, how it looks, and what it shows of each.
import type { ReactNode } from "react";

export interface Column<Row> {
  title: string;
  cell: (row: Row) => ReactNode;
  /** `wide` is left out on a phone, `end` is set to the right. */
  look?: string;
  /** Of the cells alone. */
  cellLook?: string;
  /** Buttons need no heading that one can see. */
  isUntitled?: boolean;
}

interface Props<Row> {
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
}

export function Table<Row>({ columns, rows, keyOf }: Props<Row>) {
  return (
    <div className="table-wrap">
      <table className="table">
        <thead>
          <tr>
            {columns.map(({ title, look, isUntitled }) => (
              <th key={title} scope="col" className={look}>
                {isUntitled ? <span className="visually-hidden">{title}</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ title, cell, look, cellLook }) => (
                <td key={title} className={[look, cellLook].filter(Boolean).join(" ") || undefined}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
