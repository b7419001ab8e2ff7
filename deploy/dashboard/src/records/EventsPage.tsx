// The log of the lot: what changed, when, and who did it; newest first, live.
import type { InfiniteData } from "@tanstack/react-query";
import { keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import { useTranslation } from "../i18n";
import { answer, api } from "../api/client";
import type { Event } from "../api/types";
import { instant } from "../i18n/zone";
import { useEvents, useView } from "../live/context";
import { useFormat, useSession } from "../session";
import { useAddress } from "../ui/address";
import { Empty, Failed, PageHead, Waiting } from "../ui/Page";
import { FIRST_PAGE_MAX } from "../ui/pages";
import { useThrottled } from "../ui/throttled";
import { EventText } from "./EventText";
import { Choice, Sought } from "./SessionsPage";
import "./records.css";

const PAGE = 200;
/** Of what is new since the last look. */
const NEWS_MAX = 1_000;
const PERIOD = ["since", "until"] as const;
export const EVENT_KINDS = [
  "slot.changed",
  "slot.created",
  "slot.deleted",
  "session.opened",
  "session.closed",
  "capture.added",
  "capture.changed",
  "capture.deleted",
  "capture.expired",
  "slot.seen",
  "camera.status",
  "camera.frozen",
  "camera.moved",
  "camera.regions",
  "camera.created",
  "camera.changed",
  "camera.deleted",
  "firmware.added",
  "firmware.changed",
  "firmware.withdrawn",
  "lot.changed",
  "lot.deleted",
  "token.created",
  "token.revoked",
] as const satisfies readonly Event["kind"][];

export default function EventsPage() {
  const { t } = useTranslation();
  const format = useFormat();
  const { search, get, set } = useAddress();
  const { list, events, head, isLooking, filter } = useLog(search);

  return (
    <>
      <PageHead title={t("nav.events")} note={head === undefined ? undefined : t("events.head", { count: head, seq: format.number(head) })} />
      <div className="filters">
        <Choice label={t("events.kind")} value={get("kind")} onChange={(kind) => set({ kind })} options={EVENT_KINDS.map((kind) => [kind, t(`events.kinds.${kind}`, { defaultValue: kind })])} />
        <Sought label={t("sessions.slot")} value={get("slot")} placeholder="A-01" onChange={(slot) => set({ slot })} />
        <Sought label={t("events.actor")} value={get("actor")} onChange={(actor) => set({ actor })} />
        {PERIOD.map((name) => (
          <label key={name} className="field">
            <span>{t(name === "since" ? "events.since" : "events.until")}</span>
            <input type="datetime-local" value={get(name)} onChange={(event) => set({ [name]: event.target.value })} />
          </label>
        ))}
      </div>
      <section className="card flush" aria-label={t("nav.events")}>
        {list.isError ? (
          <Failed error={list.error} onRetry={() => void list.refetch()} />
        ) : list.isPending || isLooking ? (
          <Waiting height={420} />
        ) : events.length === 0 ? (
          <Empty title={t(Object.keys(filter).length > 0 ? "events.noneMatch" : "events.none")} />
        ) : (
          <ol className="log">
            {events.map((event) => (
              <li key={event.seq}>
                <time className="num fine" dateTime={event.at}>
                  {format.dateTime(event.at)}
                </time>
                <span className="log-text">
                  <EventText event={event} />
                </span>
                <span className="fine log-actor">
                  {event.actor.name ?? t(`actor.${event.actor.kind}`)}
                  {event.audit?.address && <span className="mono"> {event.audit.address}</span>}
                </span>
                <span className="num fine log-seq">{event.seq}</span>
              </li>
            ))}
          </ol>
        )}
      </section>
      {list.hasNextPage && !isLooking && (
        <button className="button more" type="button" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t("common.more")}
        </button>
      )}
    </>
  );
}

/** An event, or the number of one that this caller may not see. */
type Entry = Event | { seq: number; kind: string };

interface Page {
  /** Oldest first. */
  events: Event[];
  epoch: string;
  head: number;
  /** Where older ones are; null at the beginning of the log. */
  older: string | null;
}

/** The events that match, newest first: those of now come by themselves, older ones are asked for page by page. */
function useLog(search: URLSearchParams) {
  const { lotId } = useSession();
  const queries = useQueryClient();
  const timeZone = useView((view) => view.lot?.lot.time_zone ?? "UTC");
  const named = Object.fromEntries(["kind", "slot", "actor"].flatMap((name) => (search.get(name) ? [[name, search.get(name) ?? ""]] : [])));
  const period = Object.fromEntries(
    PERIOD.flatMap((name) => {
      const at = instant(search.get(name) ?? "", timeZone);
      return at === null ? [] : [[name, new Date(at).toISOString()]];
    }),
  );
  const filter: Record<string, string> = { ...named, ...period };
  const key = ["events", lotId, filter];
  const list = useInfiniteQuery({
    queryKey: key,
    placeholderData: keepPreviousData,
    initialPageParam: "",
    queryFn: async ({ pageParam }): Promise<Page> => {
      const answered = await api.GET("/api/events", { params: { query: { lot: lotId, limit: PAGE, ...filter, ...(pageParam ? { cursor: pageParam } : {}) } } });
      const { events, epoch, head } = answer(answered);
      return { events: told(events), epoch, head, older: answered.response.headers.get("Next-Cursor") };
    },
    getNextPageParam: ({ older }) => older,
  });
  const first = list.data?.pages[0];
  const latest = useRef({ key, filter, first });
  useEffect(() => {
    latest.current = { key, filter, first };
  });
  // Only what is new is asked for, and put before what is there.
  const follow = useCallback(async () => {
    const { key, filter, first } = latest.current;
    if (!first || "until" in filter) return;
    const startAgain = () => void queries.invalidateQueries({ queryKey: key });
    try {
      const query = { lot: lotId, limit: NEWS_MAX, ...filter, after: first.head, epoch: first.epoch };
      const answered = await api.GET("/api/events", { params: { query } });
      const page = answer(answered);
      if (answered.response.headers.has("Next-Cursor") || first.events.length + page.events.length > FIRST_PAGE_MAX) return startAgain();
      queries.setQueryData<InfiniteData<Page, string>>(key, (before) => before && joined(before, first.head, page));
    } catch {
      // The log is another, or too much of it went by.
      startAgain();
    }
  }, [lotId, queries]);
  const refresh = useThrottled(useCallback(() => void follow(), [follow]));
  useEvents(refresh);

  const bySeq = new Map((list.data?.pages ?? []).flatMap(({ events }) => events).map((event) => [event.seq, event]));
  const events = [...bySeq.values()].sort((a, b) => b.seq - a.seq);
  // What is rare may be on none of the pages so far.
  const { hasNextPage, isFetching, isError, fetchNextPage } = list;
  const isLooking = events.length === 0 && hasNextPage;
  useEffect(() => {
    if (isLooking && !isFetching && !isError) void fetchNextPage();
  }, [isLooking, isFetching, isError, fetchNextPage]);
  return { list, events, head: first?.head, isLooking, filter };
}

/** With what came after `head`, unless somebody was faster. */
function joined(before: InfiniteData<Page, string>, head: number, page: { events: readonly Entry[]; head: number }): InfiniteData<Page, string> {
  const [first, ...rest] = before.pages;
  if (first?.head !== head) return before;
  return { ...before, pages: [{ ...first, head: page.head, events: [...first.events, ...told(page.events)] }, ...rest] };
}

function told(entries: readonly Entry[]): Event[] {
  return entries.filter((entry): entry is Event => "at" in entry);
}
