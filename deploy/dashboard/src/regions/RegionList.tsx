// The slots that a camera sees, and how far each is trusted to it, with the reason; and calibration: "these are empty now".
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, change } from "../api/client";
import type { Camera, SlotView } from "../api/types";
import { useTranslation } from "../i18n";
import { useMay, useSession } from "../session";
import { Confirm } from "../ui/Modal";
import type { Editor } from "./drawing";
import { Sentence } from "./Sentence";
import { TrustBadge } from "./TrustBadge";
import { useViews } from "./why";

interface Props {
  camera: Camera;
  editor: Editor;
  /** Whether what is drawn is what the daemon has. */
  isSaved: boolean;
  onSelect: (key: number) => void;
}

export function RegionList({ camera, editor, isSaved, onSelect }: Props) {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const queries = useQueryClient();
  const mayCalibrate = useMay("attendant");
  const [isAsked, setIsAsked] = useState(false);
  const { regions } = editor.now;
  const { data: views } = useViews(camera.id);
  const bySlot = (slot: string | null) => {
    const found = isSaved ? views?.find((each) => each.slot === slot) : undefined;
    return found && <Trusted view={found.view} />;
  };
  const chosen = regions.filter(({ key, slot }) => slot !== null && (editor.selected === null || key === editor.selected));
  const codes = chosen.flatMap(({ slot }) => slot ?? []);
  const calibrate = useMutation({
    mutationFn: () =>
      change((key) =>
        api.POST("/api/cameras/{camera}/calibrate", { params: { path: { camera: camera.id }, query: { lot: lotId }, header: { "Idempotency-Key": key } }, body: { free: codes } }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["views", lotId] });
      setIsAsked(false);
    },
  });
  if (regions.length === 0) return <p className="muted">{t("regions.none")}</p>;
  return (
    <div className="stack">
      <div className="spread">
        <h2>{t("regions.slots", { number: regions.length })}</h2>
        {mayCalibrate && isSaved && (
          <button className="button small" type="button" disabled={codes.length === 0} onClick={() => setIsAsked(true)}>
            {t("regions.calibrate")}
          </button>
        )}
      </div>
      <ul className="region-list">
        {regions.map(({ key, slot }) => (
          <li key={key}>
            <button className="button small quiet" type="button" aria-pressed={key === editor.selected} onClick={() => onSelect(key)}>
              {slot ?? t("regions.noSlot")}
            </button>
            {bySlot(slot)}
          </li>
        ))}
      </ul>
      {isAsked && (
        <Confirm
          title={t("regions.calibrate")}
          detail={t("regions.calibrateDetail", { slots: codes.join(", ") })}
          action={t("regions.calibrateYes")}
          problem={calibrate.error}
          isBusy={calibrate.isPending}
          onConfirm={() => calibrate.mutate()}
          onClose={() => setIsAsked(false)}
        />
      )}
    </div>
  );
}

function Trusted({ view }: { view: SlotView }) {
  const { t } = useTranslation();
  return (
    <>
      <TrustBadge trust={view.trust} />
      <span className="fine">{t(`why.outcomes.${view.outcome_kind}`)}</span>
      <Sentence look="fine region-reason" sentence={view.outcome_kind === "mute" ? view.outcome : view.trust_reason} />
    </>
  );
}
