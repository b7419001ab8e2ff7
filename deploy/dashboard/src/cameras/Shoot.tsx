// Asks a camera for a picture now; it takes one when it is next in touch.
import { useMutation } from "@tanstack/react-query";
import { api, change } from "../api/client";
import type { Camera } from "../api/types";
import { useTranslation } from "../i18n";
import { useSession } from "../session";
import { ProblemNote } from "../ui/Problem";

export function Shoot({ camera }: { camera: Camera }) {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const ask = useMutation({
    mutationFn: () =>
      change((key) => api.POST("/api/cameras/{camera}/capture", { params: { path: { camera: camera.id }, query: { lot: lotId }, header: { "Idempotency-Key": key } } })),
  });
  // Until its picture has come, the camera itself says so: for everybody who looks.
  const isAsked = camera.capture_wanted_at != null;
  return (
    <>
      <button className="button small" type="button" disabled={isAsked || ask.isPending} onClick={() => ask.mutate()}>
        {t(isAsked ? "cameras.asked" : "cameras.shoot")}
      </button>
      <ProblemNote error={ask.error} />
    </>
  );
}
