// Why a slot is in its state: what each camera sees there, beside the empty slot as it learned it, in figures and in words.
import { useState } from "react";
import { useTranslation } from "../i18n";
import type { Slot, SlotState, SlotView, Why } from "../api/types";
import { useCameras } from "../cameras/known";
import { useWords } from "../i18n/problem";
import { useView } from "../live/context";
import { Sentence } from "../regions/Sentence";
import { TrustBadge } from "../regions/TrustBadge";
import { useFormat, useMay } from "../session";
import { useNow } from "../ui/now";
import { useSetSlot } from "./actions";

const CROP_PX = 132;

export function SlotWhy({ slot, why }: { slot: Slot; why: Why }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  return (
    <section className="why">
      <h2>{t("why.title")}</h2>
      {why.held_until && <p className="fine num">{t("why.held", { time: format.time(why.held_until, now) })}</p>}
      {why.views.map((view) => (
        <View key={view.camera} slot={slot} view={view} />
      ))}
    </section>
  );
}

function View({ slot, view }: { slot: Slot; view: SlotView }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const name = useCameras().find((camera) => camera.id === view.camera)?.name ?? view.camera;
  const signed = (value: number) => `${value < 0 ? "−" : "+"}${format.fraction(Math.abs(value))}`;
  const { parts, opinion } = view;
  const isOther = opinion != null && opinion !== slot.state && view.trust !== "not_observable" && !["reserved", "closed"].includes(slot.state);
  return (
    <article className="why-view">
      <div className="spread">
        <h3>{name}</h3>
        <TrustBadge trust={view.trust} />
      </div>
      <div className="row wrap why-pictures">
        {view.capture_url && view.crop && (
          <figure>
            <Crop url={view.capture_url} crop={view.crop} label={`${slot.code}, ${name}`} />
            {view.seen_at && <figcaption className="fine num">{t("why.seen", { time: format.time(view.seen_at, now) })}</figcaption>}
          </figure>
        )}
        {view.reference && (
          <figure>
            <img src={view.reference} alt={`${slot.code}, ${t("why.reference")}`} width={CROP_PX} height={CROP_PX} />
            <figcaption className="fine">{t("why.reference")}</figcaption>
          </figure>
        )}
      </div>
      <p>
        <strong className="num">{view.score == null ? t("why.noScore") : t("why.score", { percent: format.percent(view.score) })}</strong>{" "}
        {parts && t("why.parts", { edges: signed(parts.edges_over_empty), structure: format.fraction(parts.structure), brightness: format.fraction(parts.brightness) })}
      </p>
      <p className="muted">
        {t(`why.outcomes.${view.outcome_kind}`)} {view.outcome_kind === "mute" && <Sentence look="why-mute" sentence={view.outcome} />}
      </p>
      <p>
        <Sentence look="fine" sentence={view.trust_reason} />
      </p>
      {isOther && <Dispute slot={slot} camera={name} opinion={opinion} />}
    </article>
  );
}

/** A part of a picture: the browser cuts it out. */
function Crop({ url, crop, label }: { url: string; crop: readonly number[]; label: string }) {
  return (
    <svg role="img" aria-label={label} width={CROP_PX} height={CROP_PX} viewBox={crop.join(" ")} preserveAspectRatio="none">
      <image href={url} width={1} height={1} preserveAspectRatio="none" />
    </svg>
  );
}

/** A camera sees it otherwise: that is shown, and a person decides. Either answer is what the camera learns from. */
function Dispute({ slot, camera, opinion }: { slot: Slot; camera: string; opinion: SlotState }) {
  const { t } = useTranslation();
  const set = useSetSlot();
  const words = useWords();
  const isAttendant = useMay("attendant");
  const isLive = useView((view) => view.status.state === "live" && view.status.degraded === null);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  async function settle(state: SlotState) {
    setIsBusy(true);
    setProblem(null);
    try {
      await set(slot, { state });
    } catch (error) {
      setProblem(words(error));
    }
    setIsBusy(false);
  }
  const word = (state: SlotState) => t(`state.${state}`).toLocaleLowerCase();
  const button = (key: "why.accept" | "why.dismiss", state: SlotState) => (
    <button className="button small" type="button" disabled={isBusy || !isLive} onClick={() => void settle(state)}>
      {t(key, { state: word(state) })}
    </button>
  );
  return (
    <div className="why-dispute" role="status">
      <p>{t("why.differs", { camera, state: word(opinion) })}</p>
      {isAttendant && (
        <div className="row wrap">
          {button("why.accept", opinion)}
          {button("why.dismiss", slot.state)}
        </div>
      )}
      {problem !== null && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
