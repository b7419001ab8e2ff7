// A table of records: a column says how it is called, how it looks, what it shows of each, and by what one may sort.
import type { ReactNode } from "react";
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { useWidth } from "./width";

export interface Column<Row> {
  title: string;
  cell: (row: Row) => ReactNode;
  /** What it is sorted by when its heading is pressed; what is not known comes last either way. */
  order?: (row: Row) => number | string | null | undefined;
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

interface Sorted {
  title: string;
  isDown: boolean;
}

export function Table<Row>({ columns, rows, keyOf }: Props<Row>) {
  const [sorted, setSorted] = useState<Sorted | null>(null);
  const order = columns.find(({ title }) => title === sorted?.title)?.order;
  const shown = useMemo(() => (order ? inOrder(rows, order, sorted?.isDown ?? false) : rows), [rows, order, sorted]);
  const press = (title: string) => setSorted((before) => ({ title, isDown: before?.title === title && !before.isDown }));
  const frame = useRef<HTMLDivElement>(null);
  const [isScrolled, setIsScrolled] = useState(false);
  const width = useWidth(frame);
  useLayoutEffect(() => setIsScrolled((frame.current?.scrollWidth ?? 0) > width), [columns, rows, width]);
  return (
    // What is wider than the screen is scrolled, by keys too.
    <div ref={frame} className="table-wrap" tabIndex={isScrolled ? 0 : undefined}>
      <table className="table">
        <thead>
          <tr>
            {columns.map(({ title, look, isUntitled, order: by }) => (
              <th key={title} scope="col" className={look} aria-sort={sorted?.title === title ? (sorted.isDown ? "descending" : "ascending") : undefined}>
                {by ? (
                  <button className="sort" type="button" onClick={() => press(title)}>
                    {title}
                    <span aria-hidden="true">{sorted?.title === title ? (sorted.isDown ? " ↓" : " ↑") : ""}</span>
                  </button>
                ) : isUntitled ? (
                  <span className="visually-hidden">{title}</span>
                ) : (
                  title
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
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

function inOrder<Row>(rows: readonly Row[], order: NonNullable<Column<Row>["order"]>, isDown: boolean): Row[] {
  const sign = isDown ? -1 : 1;
  return rows
    .map((row) => [row, order(row)] as const)
    .sort(([, a], [, b]) => {
      if (a == null || b == null) return Number(a == null) - Number(b == null);
      return sign * (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true }));
    })
    .map(([row]) => row);
}
