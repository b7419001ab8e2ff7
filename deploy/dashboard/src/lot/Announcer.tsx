// Tells who cannot see the screen what changed: a polite sentence now and then, never each change.
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "../i18n";
import type { Slot } from "../api/types";
import { useEvents, useLive } from "../live/context";

const PAUSE_MS = 5_000;

export function Announcer() {
  const { t } = useTranslation();
  const { store } = useLive();
  const last = useRef<Slot | null>(null);
  const [sentence, setSentence] = useState("");

  useEvents((events) => {
    for (const event of events) if (event.kind === "slot.changed") last.current = event.data.slot;
  });
  useEffect(() => {
    const timer = setInterval(() => {
      const slot = last.current;
      if (!slot) return;
      last.current = null;
      const { free, total } = store.counts().all;
      const changed = t("lot.changed", { code: slot.code, state: t(`state.${slot.state}`) });
      setSentence(`${changed} ${t("lot.summary", { free, total })}`);
    }, PAUSE_MS);
    return () => clearInterval(timer);
  }, [store, t]);

  return (
    <div className="visually-hidden" aria-live="polite" data-testid="announcer">
      {sentence}
    </div>
  );
}
