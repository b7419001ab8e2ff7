// Whether a camera is with us and of use, in a word, and since when it is not.
import { useTranslation } from "../i18n";
import type { Camera } from "../api/types";
import { useFormat } from "../session";
import { useNow } from "../ui/now";

const LOOKS = { online: "good", late: "warn", offline: "bad", frozen: "bad", moved: "bad", never: "bad" } as const;

/** What is wrong with a camera, or that nothing is. */
export function conditionOf(camera: Camera): keyof typeof LOOKS {
  if (camera.contact == null) return "never";
  if (camera.status !== "online") return camera.status;
  // In touch, and of no use: it sends one and the same picture, or one of something else.
  if (camera.frozen_since) return "frozen";
  return camera.moved_since ? "moved" : "online";
}

export function CameraBadge({ camera }: { camera: Camera }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow(60_000);
  const condition = conditionOf(camera);
  const since = condition === "frozen" ? camera.frozen_since : condition === "moved" ? camera.moved_since : condition === "late" || condition === "offline" ? camera.status_at : null;
  return (
    <span className={`badge camera-badge ${LOOKS[condition]}`} data-condition={condition}>
      {t(`cameras.conditions.${condition}`)}
      {since && <span className="num camera-since"> {t("cameras.sinceTime", { time: format.time(since, now) })}</span>}
    </span>
  );
}
