// A sentence of the daemon.
import { useTranslation } from "../i18n";
import { said } from "./said";

export function Sentence({ sentence, look }: { sentence: string; look: string }) {
  const { t } = useTranslation();
  const words = said(t, sentence);
  return (
    <span className={look} lang={words === null ? "en" : undefined}>
      {words ?? sentence}
    </span>
  );
}
