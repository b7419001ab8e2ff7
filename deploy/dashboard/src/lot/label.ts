// A slot in words, and the slot that an element on the screen is of.
import type { FocusEvent, MouseEvent } from "react";
import { useCallback, useState } from "react";
import { useTranslation } from "../i18n";
import type { Slot } from "../api/types";
import type { Pending } from "../live/store";

/** The id of the slot that an event came from. */
export function slotOf(target: EventTarget): string | null {
  return target instanceof Element ? (target.closest("[data-slot]")?.getAttribute("data-slot") ?? null) : null;
}

/** Which slot has or had the focus, and what a field of slots does when one is focused or clicked. */
export function useSlots(onOpen: (id: string) => void) {
  const [active, setActive] = useState<string | null>(null);
  const onFocus = useCallback((event: FocusEvent) => setActive((before) => slotOf(event.target) ?? before), []);
  const onClick = useCallback(
    (event: MouseEvent) => {
      const id = slotOf(event.target);
      if (id !== null) onOpen(id);
    },
    [onOpen],
  );
  return { active, onFocus, onClick };
}

export function useLabel(): (slot: Slot, pending: Pending | undefined) => string {
  const { t } = useTranslation();
  return useCallback(
    (slot, pending) => {
      const words = [slot.code, t(`state.${slot.state}`)];
      if (slot.kind !== "standard") words.push(t(`kind.${slot.kind}`));
      if (slot.note) words.push(slot.note);
      if (slot.stale_since) words.push(t("lot.stale"));
      if (slot.suggested) words.push(t("lot.suggested", { state: t(`state.${slot.suggested}`) }));
      if (pending) words.push(t("lot.pending"));
      return words.join(", ");
    },
    [t],
  );
}
