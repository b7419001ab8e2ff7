// A camera's token, this once, and the line that sets the camera up.
import { useTranslation } from "../i18n";
import { useSession } from "../session";
import { Copyable } from "../ui/Copyable";

interface Props {
  camera: { id: string; name: string; zone?: string | null; interval_s: number };
  token: string;
}

export function CameraToken({ camera, token }: Props) {
  const { t } = useTranslation();
  const { lotId } = useSession();
  return (
    <>
      <p className="muted">{t("cameras.once")}</p>
      <Copyable label={t("login.token")} text={token} />
      <Copyable label={t("cameras.provision")} text={provisionLine(camera, lotId, location.origin)} />
    </>
  );
}

export function provisionLine(camera: Props["camera"], lotId: string, server: string): string {
  const words = ["parkctl", "camera", "provision", "--server", server];
  if (lotId !== "main") words.push("--lot", lotId);
  words.push("--id", camera.id);
  if (camera.name !== camera.id) words.push("--name", camera.name);
  if (camera.zone) words.push("--zone", camera.zone);
  return [...words, "--interval", String(camera.interval_s)].map(quoted).join(" ");
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
