// The log of the lot: what changed, when, and who did it; newest first, live.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { useTranslation } from "../i18n";
import { useSearchParams } from "wouter";
import { answer, api } from "../api/client";
import type { Event } from "../api/types";
import { useEvents } from "../live/context";
import { useFormat, useSession } from "../session";
import { Empty, Failed, PageHead, Waiting } from "../ui/Page";
import { useNow } from "../ui/now";
import { useThrottled } from "../ui/throttled";
import { EventText } from "./EventText";
import { Choice, SlotFilter } from "./SessionsPage";
import "./records.css";

const PAGE = 100;
const LIMIT_MAX = 1_000;
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
  "token.created",
  "token.revoked",
] as const satisfies readonly Event["kind"][];

export default function EventsPage() {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const format = useFormat();
  const now = useNow();
  const [search, setSearch] = useSearchParams();
  const [limit, setLimit] = useState(PAGE);
  const get = (name: string) => search.get(name) ?? "";
  const set = (name: string, value: string) =>
    setSearch((before) => {
      const next = new URLSearchParams(before);
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    });
  const filter = Object.fromEntries(["kind", "slot", "actor"].flatMap((name) => (get(name) ? [[name, get(name)]] : [])));
  const list = useQuery({
    queryKey: ["events", lotId, filter, limit],
    placeholderData: keepPreviousData,
    queryFn: () => api.GET("/api/events", { params: { query: { lot: lotId, limit, ...filter } } }).then(answer),
  });
  const { refetch } = list;
  const refresh = useThrottled(useCallback(() => void refetch(), [refetch]));
  useEvents(useCallback(() => refresh(), [refresh]));
  const events = (list.data?.events ?? []).filter((event): event is Event => "at" in event).toReversed();

  return (
    <>
      <PageHead title={t("nav.events")} note={list.data && t("events.head", { seq: format.number(list.data.head) })} />
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
      </div>
      <section className="card flush" aria-label={t("nav.events")}>
        {list.isError ? (
          <Failed error={list.error} onRetry={() => void refetch()} />
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
                  {event.actor.name ?? event.actor.kind}
                  {event.audit?.address && <span className="mono"> {event.audit.address}</span>}
                </span>
                <span className="num fine log-seq">{event.seq}</span>
              </li>
            ))}
          </ol>
        )}
      </section>
      {list.data && events.length >= limit && limit < LIMIT_MAX && (
        <button className="button more" type="button" disabled={list.isFetching} onClick={() => setLimit(Math.min(limit * 2, LIMIT_MAX))}>
          {t("common.more")}
        </button>
      )}
    </>
  );
}
