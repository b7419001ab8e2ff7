// Whether a camera is with us, in a word.
import { useTranslation } from "../i18n";
import type { Camera } from "../api/types";

const LOOKS = { online: "good", late: "warn", offline: "bad" } as const;

export function CameraBadge({ camera }: { camera: Camera }) {
  const { t } = useTranslation();
  const isNew = camera.contact === undefined || camera.contact === null;
  // In touch, and of no use: it sends one and the same picture.
  if ("frozen_since" in camera && camera.frozen_since) return <span className="badge camera-badge bad">{t("cameras.frozen")}</span>;
  return <span className={`badge camera-badge ${LOOKS[camera.status]}`}>{t(isNew ? "cameras.never" : `cameras.${camera.status}`)}</span>;
}
