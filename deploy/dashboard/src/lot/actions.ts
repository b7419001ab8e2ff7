// Sets the state of a slot: asked of the daemon, marked as pending, true when its event has come. Never flipped in advance.
import { useCallback } from "react";
import { api, change } from "../api/client";
import type { Slot, SlotState } from "../api/types";
import { useLive } from "../live/context";
import { useSession } from "../session";

export interface Wish {
  state: SlotState;
  /** Undefined leaves the note as it is. */
  note?: string | null;
}

export function useSetSlot(): (slot: Slot, wish: Wish) => Promise<void> {
  const { store } = useLive();
  const { lotId } = useSession();
  return useCallback(
    async (slot, wish) => {
      store.pend(slot.id, { state: wish.state, seq: null });
      try {
        const done = await change((key) =>
          api.PUT("/api/slots/{slot}", {
            params: {
              path: { slot: slot.id },
              query: { lot: lotId },
              header: { "If-Match": `"${slot.rev}"`, "Idempotency-Key": key },
            },
            body: wish,
          }),
        );
        store.pend(slot.id, { state: wish.state, seq: done.seq });
      } catch (error) {
        store.unpend(slot.id);
        throw error;
      }
    },
    [store, lotId],
  );
}
