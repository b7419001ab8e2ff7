// The log of the lot: what changed, when, and who did it; newest first, live.
import type { InfiniteData } from "@tanstack/react-query";
import { keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import { useTranslation } from "../i18n";
import { useSearchParams } from "wouter";
import { answer, api } from "../api/client";
import type { Event } from "../api/types";
import { instant } from "../i18n/zone";
import { useEvents, useView } from "../live/context";
import { useFormat, useSession } from "../session";
import { Empty, Failed, PageHead, Waiting } from "../ui/Page";
import { useNow } from "../ui/now";
import { useThrottled } from "../ui/throttled";
import { EventText } from "./EventText";
import { Choice, SlotFilter } from "./SessionsPage";
import "./records.css";

/** Of the newest, and of each look further back: what was imported at once has one and the same time, and has to fit into a page. */
const PAGE = 100;
const PAGE_MAX = 1_000;
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
  const now = useNow();
  const [search, setSearch] = useSearchParams();
  const get = (name: string) => search.get(name) ?? "";
  const set = (name: string, value: string) =>
    setSearch((before) => {
      const next = new URLSearchParams(before);
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    });
  const { list, events, head, filter } = useLog(search);

  return (
    <>
      <PageHead title={t("nav.events")} note={head === undefined ? undefined : t("events.head", { count: head, seq: format.number(head) })} />
      <div className="filters">
        <Choice label={t("events.kind")} value={get("kind")} onChange={(value) => set("kind", value)} options={EVENT_KINDS.map((kind) => [kind, t(`events.kinds.${kind}`, { defaultValue: kind })])} />
        <SlotFilter key={get("slot")} value={get("slot")} onChange={(value) => set("slot", value)} />
        <label className="field">
          <span>{t("events.actor")}</span>
          <input
            key={get("actor")}
            type="search"
            defaultValue={get("actor")}
            onBlur={(event) => set("actor", event.target.value.trim())}
            onKeyDown={(event) => event.key === "Enter" && set("actor", event.currentTarget.value.trim())}
          />
        </label>
        {PERIOD.map((name) => (
          <label key={name} className="field">
            <span>{t(name === "since" ? "events.since" : "events.until")}</span>
            <input type="datetime-local" value={get(name)} onChange={(event) => set(name, event.target.value)} />
          </label>
        ))}
      </div>
      <section className="card flush" aria-label={t("nav.events")}>
        {list.isError ? (
          <Failed error={list.error} onRetry={() => void list.refetch()} />
        ) : list.isPending ? (
          <Waiting height={420} />
        ) : events.length === 0 ? (
          <Empty title={t(Object.keys(filter).length > 0 ? "events.noneMatch" : "events.none")} />
        ) : (
          <ol className="log">
            {events.map((event) => (
              <li key={event.seq}>
                <time className="num fine" dateTime={event.at} title={format.dateTime(event.at)}>
                  {format.time(event.at, now)}
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
      {list.hasNextPage && (
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
  head: number;
  /** Before when to go on; null at the beginning of the log. */
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
      const limit = pageParam ? PAGE_MAX : PAGE;
      const page = await api.GET("/api/events", { params: { query: { lot: lotId, limit, ...filter, ...(pageParam ? { until: pageParam } : {}) } } }).then(answer);
      return { events: told(page.events), head: page.head, older: page.events.length < limit ? null : older(page.events, pageParam) };
    },
    getNextPageParam: ({ older }) => older,
  });
  const head = list.data?.pages[0]?.head;
  const latest = useRef({ key, filter, head });
  useEffect(() => {
    latest.current = { key, filter, head };
  });
  // Only what is new is asked for, and put before what is there.
  const follow = useCallback(async () => {
    const { key, filter, head } = latest.current;
    if (head === undefined || "until" in filter) return;
    try {
      const page = await api.GET("/api/events", { params: { query: { lot: lotId, limit: PAGE_MAX, ...filter, after: head } } }).then(answer);
      if (page.events.length >= PAGE_MAX) return void queries.invalidateQueries({ queryKey: key });
      queries.setQueryData<InfiniteData<Page, string>>(key, (before) => before && joined(before, head, page));
    } catch {
      // The log is another, or too much of it went by: from the beginning, then.
      void queries.invalidateQueries({ queryKey: key });
    }
  }, [lotId, queries]);
  const refresh = useThrottled(useCallback(() => void follow(), [follow]));
  useEvents(useCallback(() => refresh(), [refresh]));

  const bySeq = new Map((list.data?.pages ?? []).flatMap(({ events }) => events).map((event) => [event.seq, event]));
  const events = [...bySeq.values()].sort((a, b) => b.seq - a.seq);
  return { list, events, head, filter };
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

/** Before when the next page ends: events of the same time as the oldest one may be on either, and of so many that they fill a page, the rest is passed over. */
function older(entries: readonly Entry[], before: string): string | null {
  const [oldest] = told(entries);
  if (!oldest) return null;
  const next = new Date(Date.parse(oldest.at) + 1).toISOString();
  return next === before ? oldest.at : next;
}
