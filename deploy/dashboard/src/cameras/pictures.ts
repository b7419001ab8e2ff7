// The pictures of a camera back in time: page by page, up to now or around another moment; what comes meanwhile is told by its event and not asked for.
import type { InfiniteData } from "@tanstack/react-query";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { answer, api } from "../api/client";
import type { Camera, Capture, Event } from "../api/types";
import { useEvents } from "../live/context";
import { useSession } from "../session";

const PAGE = 120;
/** Of a page around a moment, as many are from after it. */
const AFTER = 30;

interface Page {
  /** Newest first. */
  captures: Capture[];
  next: string | null;
}

type Pages = InfiniteData<Page, string>;

/** `around` null is up to now. Oldest first. */
export function usePictures(camera: Camera, around: number | null) {
  const { lotId } = useSession();
  const queries = useQueryClient();
  const to = around === null ? null : new Date(around + AFTER * camera.interval_s * 1_000).toISOString();
  const key = useMemo(() => ["captures", lotId, camera.id, to], [lotId, camera.id, to]);
  const list = useInfiniteQuery({
    queryKey: key,
    initialPageParam: "",
    queryFn: async ({ pageParam }): Promise<Page> => {
      const query = { lot: lotId, camera: camera.id, limit: PAGE, ...(to === null ? {} : { to }), ...(pageParam ? { cursor: pageParam } : {}) };
      const page = await api.GET("/api/captures", { params: { query } });
      return { captures: answer(page), next: page.response.headers.get("Next-Cursor") };
    },
    getNextPageParam: ({ next }) => next,
  });
  const change = useCallback(
    (made: (captures: readonly Capture[], isNewest: boolean) => Capture[]) =>
      queries.setQueryData<Pages>(key, (before) => before && { ...before, pages: before.pages.map((page, at) => ({ ...page, captures: made(page.captures, at === 0) })) }),
    [queries, key],
  );
  const replace = useCallback((capture: Capture) => change((captures) => captures.map((each) => (each.id === capture.id ? capture : each))), [change]);
  useEvents(
    useCallback(
      (events: readonly Event[]) => {
        for (const { kind, data } of events) {
          if (kind === "capture.added" && data.capture.camera === camera.id && to === null) change((captures, isNewest) => (isNewest ? withNew(captures, data.capture) : [...captures]));
          else if (kind === "capture.changed") replace(data.capture);
          else if (kind === "capture.deleted") change((captures) => captures.filter(({ id }) => id !== data.capture.id));
          else if (kind === "capture.expired") change((captures) => captures.filter(({ id }) => !data.captures.includes(id)));
        }
      },
      [camera.id, to, change, replace],
    ),
  );
  const newest = camera.contact?.capture_id ?? null;
  const known = useRef<readonly Page[]>(undefined);
  useEffect(() => {
    known.current = list.data?.pages;
  });
  useEffect(() => {
    // After a long absence events are passed over: then it is asked for after all.
    const pages = known.current;
    const isMissing = pages && newest !== null && to === null && !pages[0]?.captures.some(({ id }) => id === newest);
    if (isMissing) void queries.invalidateQueries({ queryKey: key });
  }, [newest, to, queries, key]);
  const captures = useMemo(() => (list.data?.pages.flatMap((page) => page.captures) ?? []).toReversed(), [list.data]);
  return { list, captures, replace };
}

/** Where its time puts it: a camera that was away brings older ones along. */
export function withNew(captures: readonly Capture[], capture: Capture): Capture[] {
  if (captures.some(({ id }) => id === capture.id)) return [...captures];
  const after = captures.findIndex(({ captured_at }) => captured_at <= capture.captured_at);
  return after < 0 ? [...captures, capture] : captures.toSpliced(after, 0, capture);
}
