// Stays and visits, newest first, by what one looks for.
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useCallback } from "react";
import { useTranslation } from "../i18n";
import { useSearchParams } from "wouter";
import { answer, api } from "../api/client";
import type { Event, Session } from "../api/types";
import { useCounts, useEvents } from "../live/context";
import { useFormat, useSession } from "../session";
import { csv, download } from "../ui/csv";
import { Icon } from "../ui/icons";
import { ProblemNote } from "../ui/Problem";
import { Empty, Failed, PageHead, Waiting } from "../ui/Page";
import type { Column } from "../ui/Table";
import { Table } from "../ui/Table";
import { useNow } from "../ui/now";
import { useThrottled } from "../ui/throttled";
import "./records.css";

const PAGE = 100;
const FILE_PAGE = 1_000;
const FILE_ROWS_MAX = 50_000;
const STATES = ["open", "closed", "void"] as const;
const KINDS = ["slot", "gate"] as const;
type Filter = "state" | "kind" | "zone" | "slot";

export default function SessionsPage() {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const format = useFormat();
  const { zones } = useCounts();
  const [search, setSearch] = useSearchParams();
  const get = (name: Filter) => search.get(name) ?? "";
  const set = (name: Filter, value: string) =>
    setSearch((before) => {
      const next = new URLSearchParams(before);
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    });
  const filter = {
    ...(get("state") ? { state: get("state") as Session["state"] } : {}),
    ...(get("kind") ? { kind: get("kind") as Session["kind"] } : {}),
    ...(get("zone") ? { zone: get("zone") } : {}),
    ...(get("slot") ? { slot: get("slot") } : {}),
  };
  const list = useInfiniteQuery({
    queryKey: ["sessions", lotId, filter],
    initialPageParam: "",
    queryFn: async ({ pageParam }) => {
      const query = { lot: lotId, limit: PAGE, ...filter, ...(pageParam ? { cursor: pageParam } : {}) };
      const page = await api.GET("/api/sessions", { params: { query } });
      return { sessions: answer(page), next: page.response.headers.get("Next-Cursor") };
    },
    getNextPageParam: (page) => page.next,
  });
  const { refetch } = list;
  const refresh = useThrottled(useCallback(() => void refetch(), [refetch]));
  useEvents(useCallback((events: readonly Event[]) => events.some((event) => "session" in event.data) && refresh(), [refresh]));

  const sessions = list.data?.pages.flatMap((page) => page.sessions) ?? [];
  const isFiltered = Object.keys(filter).length > 0;
  const file = useMutation({
    mutationFn: () => all((query) => api.GET("/api/sessions", { params: { query: { lot: lotId, ...filter, ...query } } })),
    onSuccess: ({ sessions }) => {
      const header = ["id", "kind", "state", "slot", "zone", "ticket", "plate", "opened_at", "closed_at"] as const;
      const rows = sessions.map((each) => [each.id, each.kind, each.state, each.slot_code ?? null, each.zone ?? null, each.ticket ?? null, each.plate ?? null, each.opened_at, each.closed_at ?? null]);
      download(`${lotId}-sessions.csv`, csv(header, rows));
    },
  });
  return (
    <>
      <PageHead title={t("nav.sessions")} note={t("sessions.lead")}>
        <button className="button" type="button" disabled={sessions.length === 0 || file.isPending} onClick={() => file.mutate()}>
          <Icon name="download" size={18} />
          {t("common.csv")}
        </button>
      </PageHead>
      <ProblemNote error={file.error} />
      {file.data?.isCut && (
        <p className="notice" role="status">
          {t("sessions.cut", { rows: format.number(file.data.sessions.length) })}
        </p>
      )}
      <div className="filters">
        <Choice label={t("sessions.state")} value={get("state")} onChange={(value) => set("state", value)} options={STATES.map((name) => [name, t(`sessions.states.${name}`)])} />
        <Choice label={t("slot.kind")} value={get("kind")} onChange={(value) => set("kind", value)} options={KINDS.map((name) => [name, t(`sessions.kinds.${name}`)])} />
        <Choice label={t("slot.zone")} value={get("zone")} onChange={(value) => set("zone", value)} options={[...zones.keys()].flatMap((zone) => (zone === null ? [] : [[zone, zone] as const]))} />
        <SlotFilter key={get("slot")} value={get("slot")} onChange={(value) => set("slot", value)} />
      </div>
      <section className="card flush" aria-label={t("nav.sessions")}>
        {list.isError ? (
          <Failed error={list.error} onRetry={() => void refetch()} />
        ) : list.isPending ? (
          <Waiting height={420} />
        ) : sessions.length === 0 ? (
          <Empty title={t(isFiltered ? "sessions.noneMatch" : "sessions.none")} />
        ) : (
          <Stays sessions={sessions} />
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

/** Every stay that matches, page by page, up to a bound that a spreadsheet and a phone still hold. */
async function all(page: (query: { limit: number; cursor?: string }) => Promise<{ data?: Session[]; response: Response }>): Promise<{ sessions: Session[]; isCut: boolean }> {
  const sessions: Session[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    if (sessions.length >= FILE_ROWS_MAX) return { sessions, isCut: true };
    const next = await page({ limit: FILE_PAGE, ...(cursor ? { cursor } : {}) });
    sessions.push(...answer(next));
    cursor = next.response.headers.get("Next-Cursor");
  }
  return { sessions, isCut: false };
}

const LOOKS = { open: "good", closed: "", void: "warn" } as const;

function Stays({ sessions }: { sessions: readonly Session[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const columns: Column<Session>[] = [
    {
      title: t("sessions.where"),
      cell: ({ kind, slot_code, plate, ticket }) => (
        <>
          <strong>{slot_code ?? plate ?? ticket}</strong>{" "}
          {kind === "gate" && <span className="fine">{[t("sessions.kinds.gate"), plate && ticket].filter(Boolean).join(" · ")}</span>}
        </>
      ),
    },
    { title: t("slot.zone"), look: "wide", cell: ({ zone }) => zone ?? "–" },
    { title: t("sessions.state"), cell: ({ state }) => <span className={`badge ${LOOKS[state]}`}>{t(`sessions.states.${state}`)}</span> },
    { title: t("sessions.opened"), cellLook: "num", cell: ({ opened_at }) => format.time(opened_at, now) },
    { title: t("sessions.closed"), look: "wide", cellLook: "num", cell: ({ closed_at }) => (closed_at ? format.time(closed_at, now) : "–") },
    {
      title: t("sessions.length"),
      look: "end",
      cellLook: "num",
      cell: ({ state, opened_at, closed_at }) => (state === "void" ? "–" : format.duration((closed_at ? Date.parse(closed_at) : now) - Date.parse(opened_at))),
    },
  ];
  return <Table columns={columns} rows={sessions} keyOf={({ id }) => id} />;
}

interface ChoiceProps {
  label: string;
  value: string;
  options: readonly (readonly [string, string])[];
  onChange: (value: string) => void;
}

export function Choice({ label, value, options, onChange }: ChoiceProps) {
  const { t } = useTranslation();
  return (
    <label className="field">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">{t("lot.all")}</option>
        {options.map(([name, word]) => (
          <option key={name} value={name}>
            {word}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A code, looked for when it was written: a half of it is no slot. */
export function SlotFilter({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t } = useTranslation();
  return (
    <label className="field">
      <span>{t("sessions.slot")}</span>
      <input
        type="search"
        defaultValue={value}
        placeholder="A-01"
        onBlur={(event) => onChange(event.target.value.trim())}
        onKeyDown={(event) => event.key === "Enter" && onChange(event.currentTarget.value.trim())}
      />
    </label>
  );
}
