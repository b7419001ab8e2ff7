// Keeps a picture past its time, or no longer.
import { useMutation } from "@tanstack/react-query";
import { api, change } from "../api/client";
import type { Capture } from "../api/types";
import { useTranslation } from "../i18n";
import { useSession } from "../session";
import { ProblemNote } from "../ui/Problem";

export function Pin({ capture, onDone }: { capture: Capture; onDone: (capture: Capture) => void }) {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const isPinned = capture.pinned === true;
  const pin = useMutation({
    mutationFn: () =>
      change((key) =>
        api.PATCH("/api/captures/{capture}", {
          params: { path: { capture: capture.id }, query: { lot: lotId }, header: { "Idempotency-Key": key } },
          body: { pinned: !isPinned },
        }),
      ),
    onSuccess: onDone,
  });
  return (
    <>
      <button className="button small" type="button" aria-pressed={isPinned} disabled={pin.isPending} onClick={() => pin.mutate()}>
        {t(isPinned ? "cameras.unpin" : "cameras.pin")}
      </button>
      <ProblemNote error={pin.error} />
    </>
  );
}
