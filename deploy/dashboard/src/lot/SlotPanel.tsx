// One slot: what it is, who changed it, what its camera sees; and, for attendants, another state.
import { Dialog } from "@base-ui/react/dialog";
import { Radio } from "@base-ui/react/radio";
import { RadioGroup } from "@base-ui/react/radio-group";
import type { SubmitEvent } from "react";
import { useState } from "react";
import { useTranslation } from "../i18n";
import { Refusal } from "../api/client";
import type { Slot, SlotState } from "../api/types";
import { STATES } from "../api/types";
import { useWords } from "../i18n/problem";
import { useSlot, useView } from "../live/context";
import { useFormat, useMay } from "../session";
import { Icon, KindMark, StateMark } from "../ui/icons";
import { useNow } from "../ui/now";
import { useSetSlot } from "./actions";
import { SlotRecord } from "./SlotRecord";
import "./panel.css";

interface Props {
  id: string;
  onClose: () => void;
}

export default function SlotPanel({ id, onClose }: Props) {
  const { t } = useTranslation();
  const [slot, pending] = useSlot(id);
  const isAttendant = useMay("attendant");
  const isViewer = useMay("viewer");
  const [isOpen, setIsOpen] = useState(true);
  const leave = (isStillOpen: boolean) => {
    if (isStillOpen) return;
    // A bay of the map is no HTML element, to which alone the dialog would give the focus back.
    document.getElementById(`slot-${id}`)?.focus();
    onClose();
  };
  return (
    <Dialog.Root open={isOpen} onOpenChange={setIsOpen} onOpenChangeComplete={leave}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="panel" finalFocus={false}>
          <div className="spread">
            <Dialog.Title>{slot?.code ?? t("slot.gone")}</Dialog.Title>
            <Dialog.Close className="button square quiet" aria-label={t("slot.close")}>
              <Icon name="close" />
            </Dialog.Close>
          </div>
          {slot && (
            <>
              <Facts slot={slot} isPending={pending !== undefined} />
              {isAttendant && <Setter slot={slot} isPending={pending !== undefined} />}
              {isViewer && <SlotRecord slot={slot} />}
            </>
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Facts({ slot, isPending }: { slot: Slot; isPending: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  return (
    <>
      <div className="now" data-state={slot.state}>
        <StateMark state={slot.state} size={26} />
        <div>
          <strong>{t(`state.${slot.state}`)}</strong>
          <p className="num">
            {t("slot.since", { time: format.time(slot.changed_at, now) })} ·{" "}
            {t("slot.for", { duration: format.duration(now - new Date(slot.changed_at).getTime()) })}
          </p>
        </div>
        {isPending && <span className="badge warn">{t("lot.pending")}</span>}
      </div>
      {slot.stale_since && <p className="badge warn stale-note">{t("slot.staleSince", { time: format.time(slot.stale_since, now) })}</p>}
      {slot.note && <p className="note">{slot.note}</p>}
      <dl className="facts">
        <div>
          <dt>{t("slot.zone")}</dt>
          <dd>{slot.zone ?? "–"}</dd>
        </div>
        <div>
          <dt>{t("slot.kind")}</dt>
          <dd className="row">
            <KindMark kind={slot.kind} /> {t(`kind.${slot.kind}`)}
          </dd>
        </div>
        <div>
          <dt>{t("slot.level")}</dt>
          <dd>{slot.level}</dd>
        </div>
        <div>
          <dt>{t("slot.observed")}</dt>
          <dd>
            {format.ago(slot.observed_at, now)}, {t(`source.${slot.source}`)}
          </dd>
        </div>
      </dl>
    </>
  );
}

function Setter({ slot, isPending }: { slot: Slot; isPending: boolean }) {
  const { t } = useTranslation();
  const set = useSetSlot();
  const words = useWords();
  const isLive = useView((view) => view.status.state === "live" && view.status.degraded === null);
  // The slot as it was when it was looked at: what is decided on must not have changed meanwhile.
  const [seen, setSeen] = useState(slot);
  const [state, setState] = useState<SlotState>(slot.state);
  const [note, setNote] = useState(slot.note ?? "");
  const [problem, setProblem] = useState<string | null>(null);
  if (seen.rev !== slot.rev && seen.state === state && (seen.note ?? "") === note) {
    // Nothing was chosen yet: go with what is.
    setSeen(slot);
    setState(slot.state);
    setNote(slot.note ?? "");
  }
  const isSame = state === seen.state && note === (seen.note ?? "");

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    setProblem(null);
    try {
      await set(seen, { state, ...(note === (seen.note ?? "") ? {} : { note: note.trim() || null }) });
      setSeen({ ...seen, state, note: note.trim() || null });
    } catch (error) {
      const isStale = error instanceof Refusal && error.problem.code === "rev_stale";
      if (isStale) setSeen(slot);
      setProblem(isStale ? t("slot.stale") : words(error));
    }
  }

  return (
    <form className="setter" onSubmit={submit}>
      <h2 id="setter-title">{t("slot.set")}</h2>
      <RadioGroup className="choices" aria-labelledby="setter-title" value={state} onValueChange={setState}>
        {STATES.map((each) => (
          <label key={each} className="choice" data-state={each}>
            <Radio.Root value={each} className="choice-radio" />
            <StateMark state={each} size={16} />
            {t(`state.${each}`)}
          </label>
        ))}
      </RadioGroup>
      <label className="field">
        <span>{t("slot.note")}</span>
        <input value={note} maxLength={200} placeholder={t("slot.notePlaceholder")} onChange={(event) => setNote(event.target.value)} />
      </label>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <button className="button primary" type="submit" disabled={!isLive || isPending || isSame}>
        {isPending ? t("lot.pending") : t("slot.save")}
      </button>
      {!isLive && <p className="fine">{t("link.readOnly")}</p>}
    </form>
  );
}
