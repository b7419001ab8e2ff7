// Tokens: who may do what, until when; a new one is shown this once.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { SubmitEvent } from "react";
import { useState } from "react";
import { useTranslation } from "../i18n";
import { answer, api, change } from "../api/client";
import type { Role, Token } from "../api/types";
import { useFormat } from "../session";
import { Copyable } from "../ui/Copyable";
import { Confirm, Modal } from "../ui/Modal";
import { ProblemNote } from "../ui/Problem";
import { Icon } from "../ui/icons";
import { Failed, PageHead, Waiting } from "../ui/Page";
import type { Column } from "../ui/Table";
import { Table } from "../ui/Table";
import { useNow } from "../ui/now";
import "./records.css";

const ROLES = ["viewer", "attendant", "admin"] as const satisfies readonly Role[];
const DAY_MS = 86_400_000;
/** Days until a new token expires; none is for ever. */
const LIVES = [1, 30, 365] as const;

export default function TokensPage() {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<"new" | Token | null>(null);
  const [showsRevoked, setShowsRevoked] = useState(false);
  const list = useQuery({ queryKey: ["tokens"], queryFn: () => api.GET("/api/tokens").then(answer) });
  const all = list.data ?? [];
  const shown = showsRevoked ? all : all.filter((token) => !token.revoked_at);
  return (
    <>
      <PageHead title={t("nav.tokens")} note={t("tokens.lead")}>
        <label className="row fine">
          <input type="checkbox" checked={showsRevoked} onChange={(event) => setShowsRevoked(event.target.checked)} />
          {t("tokens.showRevoked")}
        </label>
        <button className="button primary" type="button" onClick={() => setAsked("new")}>
          <Icon name="plus" size={18} />
          {t("tokens.add")}
        </button>
      </PageHead>
      <section className="card flush" aria-label={t("nav.tokens")}>
        {list.isError ? (
          <Failed error={list.error} onRetry={() => void list.refetch()} />
        ) : list.isPending ? (
          <Waiting height={240} />
        ) : (
          <List tokens={shown} onRevoke={setAsked} />
        )}
      </section>
      {asked === "new" && <NewToken onClose={() => setAsked(null)} />}
      {asked !== null && asked !== "new" && <Revoke token={asked} onClose={() => setAsked(null)} />}
    </>
  );
}

function List({ tokens, onRevoke }: { tokens: readonly Token[]; onRevoke: (token: Token) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const columns: Column<Token>[] = [
    {
      title: t("tokens.name"),
      cell: ({ name, camera }) => (
        <>
          <strong>{name}</strong> {camera && camera !== name && <span className="fine">{camera}</span>}
        </>
      ),
    },
    { title: t("tokens.role"), cell: ({ role }) => t(`role.${role}`) },
    { title: t("tokens.begins"), look: "wide", cellLook: "mono", cell: ({ prefix }) => `${prefix}…` },
    { title: t("tokens.used"), look: "wide", cellLook: "num", cell: ({ used_at }) => (used_at ? format.ago(used_at, now) : t("tokens.never")) },
    {
      title: t("tokens.expires"),
      cellLook: "num",
      cell: ({ revoked_at, expires_at }) =>
        revoked_at ? <span className="badge bad">{t("tokens.revoked")}</span> : expires_at ? format.dateTime(expires_at) : t("tokens.forever"),
    },
    {
      title: t("tokens.revoke"),
      isUntitled: true,
      cellLook: "end",
      cell: (token) =>
        !token.revoked_at && (
          <button className="button small danger" type="button" aria-label={t("tokens.revokeOf", { name: token.name })} onClick={() => onRevoke(token)}>
            {t("tokens.revoke")}
          </button>
        ),
    },
  ];
  return <Table columns={columns} rows={tokens} keyOf={({ id }) => id} />;
}

function NewToken({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const add = useMutation({
    mutationFn: (body: { name: string; role: Role; expires_at?: string }) => change((key) => api.POST("/api/tokens", { params: { header: { "Idempotency-Key": key } }, body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["tokens"] }),
  });
  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const lasts = Number(form.get("days"));
    add.mutate({
      name: (form.get("name") as string).trim(),
      role: form.get("role") as Role,
      ...(lasts > 0 ? { expires_at: new Date(Date.now() + lasts * DAY_MS).toISOString() } : {}),
    });
  }
  if (add.data) {
    return (
      <Modal title={t("tokens.added", { name: add.data.name })} onClose={onClose}>
        <p className="muted">{t("tokens.once")}</p>
        <Copyable label={t("login.token")} text={add.data.token} />
      </Modal>
    );
  }
  return (
    <Modal title={t("tokens.add")} onClose={onClose}>
      <form onSubmit={submit}>
        <label className="field">
          <span>{t("tokens.name")}</span>
          <input name="name" required maxLength={64} placeholder={t("tokens.namePlaceholder")} />
        </label>
        <div className="columns">
          <label className="field">
            <span>{t("tokens.role")}</span>
            <select name="role" defaultValue="attendant">
              {ROLES.map((role) => (
                <option key={role} value={role}>
                  {t(`role.${role}`)}
                </option>
              ))}
            </select>
          </label>
          <label className="field">
            <span>{t("tokens.expires")}</span>
            <select name="days" defaultValue="365">
              {LIVES.map((life) => (
                <option key={life} value={life}>
                  {t("tokens.days", { count: life })}
                </option>
              ))}
              <option value="0">{t("tokens.forever")}</option>
            </select>
          </label>
        </div>
        <p className="fine">{t("tokens.roles")}</p>
        <ProblemNote error={add.error} />
        <div className="row modal-actions">
          <button className="button" type="button" onClick={onClose}>
            {t("common.cancel")}
          </button>
          <button className="button primary" type="submit" disabled={add.isPending}>
            {t("tokens.add")}
          </button>
        </div>
      </form>
    </Modal>
  );
}

function Revoke({ token, onClose }: { token: Token; onClose: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => change((key) => api.DELETE("/api/tokens/{token}", { params: { path: { token: token.id }, header: { "Idempotency-Key": key } } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["tokens"] });
      onClose();
    },
  });
  return (
    <Confirm
      title={t("tokens.revokeOf", { name: token.name })}
      detail={t("tokens.revokeDetail")}
      action={t("tokens.revoke")}
      problem={revoke.error}
      isBusy={revoke.isPending}
      onConfirm={() => revoke.mutate()}
      onClose={onClose}
    />
  );
}
