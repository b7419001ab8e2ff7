// Lists that are read page by page, newest first, and kept up by what is told meanwhile: nothing is asked for twice.
import type { InfiniteData } from "@tanstack/react-query";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { answer } from "../api/client";
import type { Event } from "../api/types";
import { useEvents } from "../live/context";
import { useThrottled } from "./throttled";

const PAGE = 100;
/** As long as the first page gets by what is told; then the list is asked for anew. */
export const FIRST_PAGE_MAX = 1_000;

export interface Row {
  id: string;
}

export interface Page<T> {
  rows: readonly T[];
  next: string | null;
}

export type Pages<T> = InfiniteData<Page<T>, string>;

/** Asks for a page; the next one is named by its header. */
export type Ask<T> = (query: { limit: number; cursor?: string }) => Promise<{ data?: T[]; response: Response }>;

/** `hear` says what an event makes of the list, which is the same again when it is nothing. */
export function usePages<T>(key: readonly unknown[], ask: Ask<T>, hear: (pages: Pages<T>, event: Event) => Pages<T>) {
  const queries = useQueryClient();
  const list = useInfiniteQuery({
    queryKey: key,
    initialPageParam: "",
    queryFn: async ({ pageParam }): Promise<Page<T>> => {
      const page = await ask({ limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) });
      return { rows: answer(page), next: page.response.headers.get("Next-Cursor") };
    },
    getNextPageParam: ({ next }) => next,
  });
  const { data, refetch, isFetching } = list;
  const refresh = useThrottled(useCallback(() => void refetch(), [refetch]));
  const change = (make: (pages: Pages<T>) => Pages<T>) => queries.setQueryData<Pages<T>>(key, (before) => before && make(before));
  useEvents((events, isWhole) => {
    const pages = change((before) => events.reduce(hear, before));
    // What is on its way may be from before these events, or others were passed over.
    if (isFetching || !isWhole || (pages?.pages[0]?.rows.length ?? 0) > FIRST_PAGE_MAX) refresh();
  });
  const rows = useMemo(() => data?.pages.flatMap(({ rows }) => rows) ?? [], [data]);
  return { list, rows, change };
}

/** With `row` instead of what was known of it. */
export function withChanged<T extends Row>(pages: Pages<T>, row: T): Pages<T> {
  if (!has(pages, [row.id])) return pages;
  return { ...pages, pages: pages.pages.map((page) => ({ ...page, rows: page.rows.map((each) => (each.id === row.id ? row : each)) })) };
}

/** With `row`, where its time puts it. */
export function withRow<T extends Row>(pages: Pages<T>, row: T, time: (row: T) => string): Pages<T> {
  if (has(pages, [row.id])) return withChanged(pages, row);
  const isAfter = (each: T) => time(each) <= time(row);
  const at = pages.pages.findIndex(({ rows, next }) => next === null || rows.some(isAfter));
  const page = pages.pages[at];
  // Older than all that was asked for: it comes with the page that it is on.
  if (!page) return pages;
  const place = page.rows.findIndex(isAfter);
  const rows = page.rows.toSpliced(place < 0 ? page.rows.length : place, 0, row);
  return { ...pages, pages: pages.pages.with(at, { ...page, rows }) };
}

export function withoutRows<T extends Row>(pages: Pages<T>, ids: readonly string[]): Pages<T> {
  if (!has(pages, ids)) return pages;
  return { ...pages, pages: pages.pages.map((page) => ({ ...page, rows: page.rows.filter(({ id }) => !ids.includes(id)) })) };
}

function has<T extends Row>({ pages }: Pages<T>, ids: readonly string[]): boolean {
  return pages.some(({ rows }) => rows.some(({ id }) => ids.includes(id)));
}
