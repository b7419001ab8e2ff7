// Every slot as a row: added, changed, removed here.
import { useMutation } from "@tanstack/react-query";
import type { SubmitEvent } from "react";
import { useState } from "react";
import { useTranslation } from "../i18n";
import { api, change } from "../api/client";
import type { Slot, SlotKind } from "../api/types";
import { KINDS } from "../api/types";
import { useCounts, useView } from "../live/context";
import { useSession } from "../session";
import { Confirm, Modal } from "../ui/Modal";
import { ProblemNote } from "../ui/Problem";
import { Icon, KindMark } from "../ui/icons";
import { Empty } from "../ui/Page";
import type { Column } from "../ui/Table";
import { Table } from "../ui/Table";

/** Rows that are drawn at once; who has more looks for the one. */
const SHOWN_MAX = 300;

export function SlotList() {
  const { t } = useTranslation();
  const lot = useView((view) => view.lot);
  const [text, setText] = useState("");
  const [asked, setAsked] = useState<"new" | { edit: Slot } | { remove: Slot } | null>(null);
  const slots = (lot?.order ?? []).flatMap((id) => lot?.slots.get(id) ?? []);
  const wanted = text.trim().toLowerCase();
  const found = wanted ? slots.filter((slot) => `${slot.code} ${slot.zone ?? ""} ${slot.note ?? ""}`.toLowerCase().includes(wanted)) : slots;
  const close = () => setAsked(null);
  const columns: Column<Slot>[] = [
    { title: t("setup.code"), cell: ({ code }) => <strong>{code}</strong> },
    { title: t("slot.zone"), look: "wide", cell: ({ zone }) => zone ?? "–" },
    { title: t("slot.level"), look: "wide", cellLook: "num", cell: ({ level }) => level },
    {
      title: t("slot.kind"),
      cell: ({ kind }) => (
        <span className="state-word">
          <KindMark kind={kind} /> {t(`kind.${kind}`)}
        </span>
      ),
    },
    { title: t("setup.position"), look: "wide", cellLook: "num fine", cell: ({ position }) => (position ? `${position.x} · ${position.y}` : "–") },
    {
      title: t("setup.edit"),
      isUntitled: true,
      cellLook: "end",
      cell: (slot) => (
        <span className="row setup-row-actions">
          <button className="button small" type="button" aria-label={`${t("setup.edit")} ${slot.code}`} onClick={() => setAsked({ edit: slot })}>
            {t("setup.edit")}
          </button>
          <button className="button small danger" type="button" aria-label={`${t("common.delete")} ${slot.code}`} onClick={() => setAsked({ remove: slot })}>
            {t("common.delete")}
          </button>
        </span>
      ),
    },
  ];
  return (
    <section className="card flush" aria-label={t("setup.parts.slots")}>
      <div className="spread setup-tools">
        <input className="input" type="search" value={text} placeholder={t("setup.find")} aria-label={t("setup.find")} onChange={(event) => setText(event.target.value)} />
        <button className="button primary" type="button" onClick={() => setAsked("new")}>
          <Icon name="plus" size={18} />
          {t("setup.add")}
        </button>
      </div>
      {found.length === 0 ? (
        <Empty title={t(slots.length === 0 ? "lot.empty" : "setup.noneFound")} />
      ) : (
        <Table columns={columns} rows={found.slice(0, SHOWN_MAX)} keyOf={({ id }) => id} />
      )}
      {found.length > SHOWN_MAX && <p className="fine setup-tools">{t("setup.tooMany", { shown: SHOWN_MAX, total: found.length })}</p>}
      {asked === "new" && <SlotForm slot={null} onClose={close} />}
      {asked !== null && typeof asked === "object" && "edit" in asked && <SlotForm slot={asked.edit} onClose={close} />}
      {asked !== null && typeof asked === "object" && "remove" in asked && <Remove slot={asked.remove} onClose={close} />}
    </section>
  );
}

interface Body {
  code: string;
  zone: string | null;
  level: number;
  kind: SlotKind;
}

function SlotForm({ slot, onClose }: { slot: Slot | null; onClose: () => void }) {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const { zones } = useCounts();
  const save = useMutation({
    mutationFn: (body: Body) =>
      change((key) =>
        slot
          ? api.PATCH("/api/slots/{slot}", {
              params: { path: { slot: slot.id }, query: { lot: lotId }, header: { "If-Match": `"${slot.rev}"`, "Idempotency-Key": key } },
              body,
            })
          : api.POST("/api/slots", { params: { query: { lot: lotId }, header: { "Idempotency-Key": key } }, body }),
      ),
    onSuccess: onClose,
  });
  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => (form.get(name) as string).trim();
    save.mutate({ code: text("code"), zone: text("zone") || null, level: Number(text("level")), kind: text("kind") as SlotKind });
  }
  return (
    <Modal title={slot ? t("slot.title", { code: slot.code }) : t("setup.add")} onClose={onClose}>
      <form onSubmit={submit}>
        <div className="columns">
          <label className="field">
            <span>{t("setup.code")}</span>
            <input name="code" required maxLength={32} pattern="[A-Za-z0-9][A-Za-z0-9._\-]{0,31}" defaultValue={slot?.code} placeholder="A-12" />
          </label>
          <label className="field">
            <span>{t("slot.zone")}</span>
            <input name="zone" list="slot-zones" defaultValue={slot?.zone ?? ""} />
            <datalist id="slot-zones">{[...zones.keys()].map((zone) => zone !== null && <option key={zone}>{zone}</option>)}</datalist>
          </label>
          <label className="field">
            <span>{t("slot.level")}</span>
            <input name="level" type="number" required min={-99} max={99} defaultValue={slot?.level ?? 0} />
          </label>
          <label className="field">
            <span>{t("slot.kind")}</span>
            <select name="kind" defaultValue={slot?.kind ?? "standard"}>
              {KINDS.map((kind) => (
                <option key={kind} value={kind}>
                  {t(`kind.${kind}`)}
                </option>
              ))}
            </select>
          </label>
        </div>
        <ProblemNote error={save.error} />
        <div className="row modal-actions">
          <button className="button" type="button" onClick={onClose}>
            {t("common.cancel")}
          </button>
          <button className="button primary" type="submit" disabled={save.isPending}>
            {t("common.save")}
          </button>
        </div>
      </form>
    </Modal>
  );
}

function Remove({ slot, onClose }: { slot: Slot; onClose: () => void }) {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const remove = useMutation({
    mutationFn: () =>
      change((key) =>
        api.DELETE("/api/slots/{slot}", { params: { path: { slot: slot.id }, query: { lot: lotId }, header: { "If-Match": `"${slot.rev}"`, "Idempotency-Key": key } } }),
      ),
    onSuccess: onClose,
  });
  return (
    <Confirm
      title={t("setup.deleteTitle", { code: slot.code })}
      detail={t("setup.deleteDetail")}
      action={t("common.delete")}
      problem={remove.error}
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    />
  );
}
