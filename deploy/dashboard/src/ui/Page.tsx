// What the pages have in common: a heading with actions, and what is shown while or because there is nothing else to show.
import type { ReactNode } from "react";
import { useTranslation } from "../i18n";
import { ProblemNote } from "./Problem";

export function PageHead({ title, note, children }: { title: string; note?: string | undefined; children?: ReactNode }) {
  return (
    <div className="page-head">
      <div>
        <h1>{title}</h1>
        {note && <p className="fine page-note">{note}</p>}
      </div>
      <div className="row wrap">{children}</div>
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="empty">
      <ProblemNote error={error} />
      <button className="button" type="button" onClick={onRetry}>
        {t("problem.retry")}
      </button>
    </div>
  );
}

export function Waiting({ height }: { height: number }) {
  const { t } = useTranslation();
  return <div className="skeleton" role="status" aria-label={t("app.loading")} style={{ height }} />;
}
