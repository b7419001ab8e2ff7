// Says what nobody sees right now, and because of whom: a figure that is not confirmed must not pass for one that is.
import { Link } from "wouter";
import { conditionOf } from "../cameras/CameraBadge";
import { useCameras } from "../cameras/known";
import { useTranslation } from "../i18n";
import { useCounts } from "../live/context";
import { useFormat } from "../session";
import { Icon } from "../ui/icons";

export default function Blind() {
  const { t } = useTranslation();
  const format = useFormat();
  const { all } = useCounts();
  const away = useCameras().filter((camera) => (camera.blind_slots?.length ?? 0) > 0);
  if (all.stale === 0 && away.length === 0) return null;
  return (
    <div className="notice blind" role="status" data-testid="blind">
      <Icon name="warning" />
      <ul>
        {all.stale > 0 && <li className="num">{t("lot.staleSome", { count: all.stale, number: format.number(all.stale) })}</li>}
        {away.map((camera) => (
          <li key={camera.id} className="num">
            <Link href={`/cameras/${camera.id}`}>{t("lot.blindBy", { count: camera.blind_slots?.length ?? 0, number: format.number(camera.blind_slots?.length ?? 0), camera: camera.name })}</Link>{" "}
            <span>{t(`cameras.conditions.${conditionOf(camera)}`)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
