// The pictures of a camera back in time: page by page, up to now or around another moment; what comes meanwhile is told by its event and not asked for.
import { useMemo } from "react";
import { api } from "../api/client";
import type { Camera, Capture, Event } from "../api/types";
import { useSession } from "../session";
import type { Pages } from "../ui/pages";
import { usePages, withChanged, withRow, withoutRows } from "../ui/pages";

/** Of what is shown around a moment, as many are from after it. */
const AFTER = 30;

/** `around` null is up to now. Oldest first. */
export function usePictures(camera: Camera, around: number | null) {
  const { lotId } = useSession();
  const to = around === null ? null : new Date(around + AFTER * camera.interval_s * 1_000).toISOString();
  const { list, rows, change } = usePages<Capture>(
    ["captures", lotId, camera.id, to],
    (query) => api.GET("/api/captures", { params: { query: { lot: lotId, camera: camera.id, ...(to === null ? {} : { to }), ...query } } }),
    (pages, event) => heard(pages, event, camera.id, to),
  );
  const captures = useMemo(() => rows.toReversed(), [rows]);
  return { list, captures, replace: (capture: Capture) => void change((pages) => withChanged(pages, capture)) };
}

/** What an event makes of the pictures of a camera that were taken before `to`. */
export function heard(pages: Pages<Capture>, { kind, data }: Event, camera: string, to: string | null): Pages<Capture> {
  switch (kind) {
    case "capture.added": {
      const { capture } = data;
      return capture.camera === camera && (to === null || capture.captured_at < to) ? withRow(pages, capture, (each) => each.captured_at) : pages;
    }
    case "capture.changed":
      return withChanged(pages, data.capture);
    case "capture.deleted":
      return withoutRows(pages, [data.capture.id]);
    case "capture.expired":
      return withoutRows(pages, data.captures);
    default:
      return pages;
  }
}
