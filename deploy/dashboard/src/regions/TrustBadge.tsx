// How far a slot is trusted to a camera, in a word.
import type { Trust } from "../api/types";
import { useTranslation } from "../i18n";

const LOOKS = { manual: "", suggesting: "warn", automatic: "good", not_observable: "bad" } as const satisfies Record<Trust, string>;

export function TrustBadge({ trust }: { trust: Trust }) {
  const { t } = useTranslation();
  return <span className={`badge ${LOOKS[trust]}`}>{t(`regions.trust.${trust}`)}</span>;
}
