// The lot itself: its name, its clock, its money.
import { useMutation } from "@tanstack/react-query";
import type { SubmitEvent } from "react";
import { useTranslation } from "../i18n";
import { api, change } from "../api/client";
import { useView } from "../live/context";
import { useSession } from "../session";
import { ProblemNote } from "../ui/Problem";
import { Waiting } from "../ui/Page";

export function LotForm() {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const lot = useView((view) => view.lot?.lot);
  const save = useMutation({
    mutationFn: (body: { name: string; time_zone: string; currency: string }) =>
      change((key) => api.PATCH("/api/lots/{lot}", { params: { path: { lot: lotId }, header: { "Idempotency-Key": key } }, body })),
  });
  if (!lot) return <Waiting height={240} />;
  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => (form.get(name) as string).trim();
    save.mutate({ name: text("name"), time_zone: text("zone"), currency: text("currency").toUpperCase() });
  }
  return (
    <section className="card lot-form" aria-label={t("setup.parts.lot")}>
      <form key={lot.rev} className="stack" onSubmit={submit}>
        <label className="field">
          <span>{t("setup.name")}</span>
          <input name="name" required defaultValue={lot.name} />
        </label>
        <label className="field">
          <span>{t("setup.timeZone")}</span>
          <input name="zone" required list="time-zones" defaultValue={lot.time_zone} spellCheck={false} />
          <datalist id="time-zones">
            {Intl.supportedValuesOf("timeZone").map((zone) => (
              <option key={zone}>{zone}</option>
            ))}
          </datalist>
        </label>
        <label className="field">
          <span>{t("setup.currency")}</span>
          <input name="currency" required pattern="[A-Za-z]{3}" maxLength={3} list="currencies" defaultValue={lot.currency} spellCheck={false} />
          <datalist id="currencies">
            {Intl.supportedValuesOf("currency").map((currency) => (
              <option key={currency}>{currency}</option>
            ))}
          </datalist>
        </label>
        <ProblemNote error={save.error} />
        <div className="row">
          <button className="button primary" type="submit" disabled={save.isPending}>
            {t("common.save")}
          </button>
          {save.isSuccess && (
            <span className="badge good" role="status">
              {t("setup.saved")}
            </span>
          )}
        </div>
      </form>
    </section>
  );
}
