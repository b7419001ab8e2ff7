// A whole plan from a file: looked at first, with what would become of it, then done.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "../i18n";
import { Refusal, api, change } from "../api/client";
import type { components } from "../api/schema";
import { useSession } from "../session";
import { ProblemNote } from "../ui/Problem";
import { Icon } from "../ui/icons";

type Imported = components["schemas"]["Imported"];

const EXAMPLE = "code,zone,level,kind,x,y\nA-01,A,0,accessible,3.2,7.3\nA-02,A,0,standard,6.4,7.3\n";
const CODES_SHOWN = 40;

export function ImportSlots() {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const [text, setText] = useState("");

  const send = (isDry: boolean) =>
    change((key) =>
      api.POST("/api/slots/import", {
        params: { query: { lot: lotId, dry_run: isDry }, header: { "Idempotency-Key": key } },
        headers: { "Content-Type": "text/csv" },
        body: text as never,
        bodySerializer: (body: unknown) => body as string,
      }),
    );
  const look = useMutation({ mutationFn: () => send(true) });
  const bring = useMutation({ mutationFn: () => send(false) });
  const edit = (next: string) => {
    setText(next);
    look.reset();
    bring.reset();
  };
  const failed = bring.error ?? look.error;
  return (
    <section className="card stack" aria-label={t("setup.parts.import")}>
      <p className="muted setup-lead">{t("setup.importLead")}</p>
      <div className="row wrap">
        <label className="button">
          <Icon name="upload" size={18} />
          {t("setup.choose")}
          <input
            className="visually-hidden"
            type="file"
            accept=".csv,text/csv"
            onChange={(event) => {
              void event.target.files?.[0]?.text().then(edit);
              event.target.value = "";
            }}
          />
        </label>
        <button className="button quiet" type="button" onClick={() => edit(EXAMPLE)}>
          {t("setup.example")}
        </button>
      </div>
      <label className="field">
        <span>{t("setup.rows")}</span>
        <textarea className="mono import-text" rows={10} spellCheck={false} value={text} placeholder={EXAMPLE} onChange={(event) => edit(event.target.value)} />
      </label>
      <Rows error={failed} />
      {bring.data ? (
        <p className="badge good import-done" role="status">
          {t("setup.imported", { created: bring.data.created, updated: bring.data.updated })}
        </p>
      ) : look.data ? (
        <>
          <Difference imported={look.data} />
          <div className="row">
            <button className="button primary" type="button" disabled={bring.isPending || look.data.created + look.data.updated === 0} onClick={() => bring.mutate()}>
              {t("setup.import", { count: look.data.created + look.data.updated })}
            </button>
          </div>
        </>
      ) : (
        <div className="row">
          <button className="button primary" type="button" disabled={!text.trim() || look.isPending} onClick={() => look.mutate()}>
            {t("setup.dryRun")}
          </button>
        </div>
      )}
    </section>
  );
}

function Difference({ imported }: { imported: Imported }) {
  const { t } = useTranslation();
  return (
    <div className="difference" role="status">
      <Codes label={t("setup.created", { count: imported.created })} codes={imported.created_codes} look="good" />
      <Codes label={t("setup.updated", { count: imported.updated })} codes={imported.updated_codes} look="warn" />
      <p className="fine">{t("setup.unchanged", { count: imported.unchanged })}</p>
    </div>
  );
}

function Codes({ label, codes, look }: { label: string; codes: readonly string[]; look: string }) {
  return (
    <div>
      <h3>{label}</h3>
      <p className="codes">
        {codes.slice(0, CODES_SHOWN).map((code) => (
          <span key={code} className={`badge ${look}`}>
            {code}
          </span>
        ))}
        {codes.length > CODES_SHOWN && <span className="fine">+ {codes.length - CODES_SHOWN}</span>}
      </p>
    </div>
  );
}

/** What was refused, row by row. */
function Rows({ error }: { error: unknown }) {
  const { t, language } = useTranslation();
  if (!error) return null;
  const rows = error instanceof Refusal ? (error.problem.rows ?? []) : [];
  return (
    <div className="stack">
      <ProblemNote error={error} />
      {rows.length > 0 && (
        <ul className="row-problems">
          {rows.map((row) => (
            <li key={`${row.row} ${row.field ?? ""}`}>
              <strong className="num">{t("setup.row", { row: row.row })}</strong> {row.field && <span className="mono">{row.field}</span>}{" "}
              {language !== "en" && t("setup.rowRefused")} <span lang="en">{row.detail}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
