// Stays and visits, newest first, by what one looks for.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "../i18n";
import { answer, api } from "../api/client";
import type { Event, Session } from "../api/types";
import { useCounts } from "../live/context";
import { useFormat, useSession } from "../session";
import { useAddress } from "../ui/address";
import { csv, download } from "../ui/csv";
import { Icon } from "../ui/icons";
import { ProblemNote } from "../ui/Problem";
import { Empty, Failed, PageHead, Waiting } from "../ui/Page";
import type { Ask, Pages } from "../ui/pages";
import { usePages, withRow, withoutRows } from "../ui/pages";
import type { Column } from "../ui/Table";
import { Table } from "../ui/Table";
import { useNow } from "../ui/now";
import "./records.css";

const FILE_PAGE = 1_000;
const FILE_ROWS_MAX = 50_000;
const STATES = ["open", "closed", "void"] as const;
const KINDS = ["slot", "gate"] as const;

interface Filter {
  state?: Session["state"];
  kind?: Session["kind"];
  zone?: string;
  slot?: string;
}

export default function SessionsPage() {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const format = useFormat();
  const { zones } = useCounts();
  const { get, set } = useAddress();
  const filter: Filter = {
    ...(get("state") ? { state: get("state") as Session["state"] } : {}),
    ...(get("kind") ? { kind: get("kind") as Session["kind"] } : {}),
    ...(get("zone") ? { zone: get("zone") } : {}),
    ...(get("slot") ? { slot: get("slot") } : {}),
  };
  const ask: Ask<Session> = (query) => api.GET("/api/sessions", { params: { query: { lot: lotId, ...filter, ...query } } });
  const { list, rows: sessions } = usePages(["sessions", lotId, filter], ask, (pages, event) => heard(pages, event, filter));
  const isFiltered = Object.keys(filter).length > 0;
  const file = useMutation({
    mutationFn: () => all(ask),
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
        <Choice label={t("sessions.state")} value={get("state")} onChange={(state) => set({ state })} options={STATES.map((name) => [name, t(`sessions.states.${name}`)])} />
        <Choice label={t("slot.kind")} value={get("kind")} onChange={(kind) => set({ kind })} options={KINDS.map((name) => [name, t(`sessions.kinds.${name}`)])} />
        <Choice label={t("slot.zone")} value={get("zone")} onChange={(zone) => set({ zone })} options={[...zones.keys()].flatMap((zone) => (zone === null ? [] : [[zone, zone] as const]))} />
        <Sought label={t("sessions.slot")} value={get("slot")} placeholder="A-01" onChange={(slot) => set({ slot })} />
      </div>
      <section className="card flush" aria-label={t("nav.sessions")}>
        {list.isError ? (
          <Failed error={list.error} onRetry={() => void list.refetch()} />
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

/** What an event makes of the stays that match. */
export function heard(pages: Pages<Session>, { data }: Event, { state, kind, zone, slot }: Filter): Pages<Session> {
  const session = "session" in data ? data.session : null;
  if (!session) return pages;
  const isWanted =
    (!state || session.state === state) &&
    (!kind || session.kind === kind) &&
    (!zone || session.zone === zone) &&
    (!slot || session.slot_code === slot || session.slot_id === slot);
  return isWanted ? withRow(pages, session, ({ opened_at }) => opened_at) : withoutRows(pages, [session.id]);
}

/** Every stay that matches, page by page, up to a bound that a spreadsheet and a phone still hold. */
async function all(ask: Ask<Session>): Promise<{ sessions: Session[]; isCut: boolean }> {
  const sessions: Session[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    if (sessions.length >= FILE_ROWS_MAX) return { sessions, isCut: true };
    const next = await ask({ limit: FILE_PAGE, ...(cursor ? { cursor } : {}) });
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

interface SoughtProps {
  label: string;
  value: string;
  placeholder?: string;
  onChange: (value: string) => void;
}

/** Looked for when it was written: a half of it is nothing. */
export function Sought({ label, value, placeholder, onChange }: SoughtProps) {
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    setText(value);
  }
  return (
    <label className="field">
      <span>{label}</span>
      <input
        type="search"
        value={text}
        placeholder={placeholder}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => onChange(text.trim())}
        onKeyDown={(event) => event.key === "Enter" && onChange(text.trim())}
      />
    </label>
  );
}
