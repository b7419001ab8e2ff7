// A new camera: its name and place, then its token, which is shown this once.
import { useMutation } from "@tanstack/react-query";
import type { SubmitEvent } from "react";
import { useTranslation } from "../i18n";
import { api, change } from "../api/client";
import { useCounts } from "../live/context";
import { useSession } from "../session";
import { Modal } from "../ui/Modal";
import { ProblemNote } from "../ui/Problem";
import { CameraToken } from "./CameraToken";

const INTERVAL_S = 60;

export default function AddCamera({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const { zones } = useCounts();
  const add = useMutation({
    mutationFn: (body: { id: string; name: string | null; zone: string | null; interval_s: number }) =>
      change((key) => api.POST("/api/cameras", { params: { query: { lot: lotId }, header: { "Idempotency-Key": key } }, body })),
  });

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => (form.get(name) as string).trim();
    add.mutate({ id: text("id"), name: text("name") || null, zone: text("zone") || null, interval_s: Number(text("interval")) });
  }

  if (add.data) {
    return (
      <Modal title={t("cameras.added", { name: add.data.name })} onClose={onClose}>
        <CameraToken camera={add.data} token={add.data.token} />
        <div className="row modal-actions">
          <button className="button primary" type="button" onClick={onClose}>
            {t("common.close")}
          </button>
        </div>
      </Modal>
    );
  }
  return (
    <Modal title={t("cameras.add")} onClose={onClose}>
      <form onSubmit={submit}>
        <div className="columns">
          <label className="field">
            <span>{t("cameras.id")}</span>
            <input name="id" required pattern="[a-z0-9][a-z0-9_\-]{0,47}" placeholder="cam-3" spellCheck={false} autoCapitalize="none" aria-describedby="camera-id-help" />
          </label>
          <label className="field">
            <span>{t("cameras.name")}</span>
            <input name="name" />
          </label>
          <label className="field">
            <span>{t("slot.zone")}</span>
            <input name="zone" list="camera-zones" />
            <datalist id="camera-zones">{[...zones.keys()].map((zone) => zone !== null && <option key={zone}>{zone}</option>)}</datalist>
          </label>
          <label className="field">
            <span>{t("cameras.intervalS")}</span>
            <input name="interval" type="number" min={1} max={86_400} defaultValue={INTERVAL_S} required />
          </label>
        </div>
        <p id="camera-id-help" className="fine">
          {t("cameras.idHelp")}
        </p>
        <ProblemNote error={add.error} />
        <div className="row modal-actions">
          <button className="button" type="button" onClick={onClose}>
            {t("common.cancel")}
          </button>
          <button className="button primary" type="submit" disabled={add.isPending}>
            {t("cameras.add")}
          </button>
        </div>
      </form>
    </Modal>
  );
}
