// What an administrator may do with a camera: change it, give it another token, remove it.
import { useMutation } from "@tanstack/react-query";
import type { SubmitEvent } from "react";
import { useState } from "react";
import { useTranslation } from "../i18n";
import { useLocation } from "wouter";
import { api, change } from "../api/client";
import type { Camera } from "../api/types";
import { useSession } from "../session";
import { Confirm, Modal } from "../ui/Modal";
import { ProblemNote } from "../ui/Problem";
import { CameraToken } from "./CameraToken";

export function CameraAdmin({ camera }: { camera: Camera }) {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const [, go] = useLocation();
  const [asked, setAsked] = useState<"delete" | "token" | null>(null);
  const path = { camera: camera.id };

  const save = useMutation({
    mutationFn: (body: { name: string; zone: string | null; interval_s: number }) =>
      change((key) => api.PATCH("/api/cameras/{camera}", { params: { path, query: { lot: lotId }, header: { "Idempotency-Key": key } }, body })),
  });
  const renew = useMutation({
    mutationFn: () =>
      change((key) => api.POST("/api/cameras/{camera}/token", { params: { path, query: { lot: lotId }, header: { "Idempotency-Key": key } } })),
  });
  const remove = useMutation({
    mutationFn: () =>
      change((key) => api.DELETE("/api/cameras/{camera}", { params: { path, query: { lot: lotId }, header: { "Idempotency-Key": key } } })),
    onSuccess: () => go("/cameras"),
  });

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => (form.get(name) as string).trim();
    save.mutate({ name: text("name"), zone: text("zone") || null, interval_s: Number(text("interval")) });
  }

  return (
    <section className="card stack" aria-labelledby="camera-setup">
      <h2 id="camera-setup">{t("cameras.setup")}</h2>
      <form key={camera.rev} className="stack" onSubmit={submit}>
        <label className="field">
          <span>{t("cameras.name")}</span>
          <input name="name" defaultValue={camera.name} required />
        </label>
        <div className="columns">
          <label className="field">
            <span>{t("slot.zone")}</span>
            <input name="zone" defaultValue={camera.zone ?? ""} />
          </label>
          <label className="field">
            <span>{t("cameras.intervalS")}</span>
            <input name="interval" type="number" min={1} max={86_400} defaultValue={camera.interval_s} required />
          </label>
        </div>
        <ProblemNote error={save.error} />
        <div className="row wrap">
          <button className="button" type="submit" disabled={save.isPending}>
            {t("common.save")}
          </button>
          <button className="button" type="button" onClick={() => setAsked("token")}>
            {t("cameras.newToken")}
          </button>
          <button className="button danger" type="button" onClick={() => setAsked("delete")}>
            {t("common.delete")}
          </button>
        </div>
      </form>
      {asked === "delete" && (
        <Confirm
          title={t("cameras.deleteTitle", { name: camera.name })}
          detail={t("cameras.deleteDetail")}
          action={t("common.delete")}
          problem={remove.error}
          isBusy={remove.isPending}
          onConfirm={() => remove.mutate()}
          onClose={() => setAsked(null)}
        />
      )}
      {asked === "token" &&
        (renew.data ? (
          <Modal title={t("cameras.newToken")} onClose={() => setAsked(null)}>
            <CameraToken camera={camera} token={renew.data.token} />
          </Modal>
        ) : (
          <Confirm
            title={t("cameras.newToken")}
            detail={t("cameras.newTokenDetail")}
            action={t("cameras.newToken")}
            problem={renew.error}
            isBusy={renew.isPending}
            onConfirm={() => renew.mutate()}
            onClose={() => setAsked(null)}
          />
        ))}
    </section>
  );
}
