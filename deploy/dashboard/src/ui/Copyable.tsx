// A text to be taken along: shown whole, selected by one click, copied by another.
import { useState } from "react";
import { useTranslation } from "../i18n";
import { Icon } from "./icons";

export function Copyable({ label, text }: { label: string; text: string }) {
  const { t } = useTranslation();
  const [isCopied, setIsCopied] = useState(false);
  // A page without TLS has no clipboard; the text can be selected by hand there.
  const clipboard = (navigator as Partial<Navigator>).clipboard;
  return (
    <div className="field">
      <span>{label}</span>
      <div className="secret">
        <code data-testid="copyable">{text}</code>
        {clipboard && (
          <button className="button" type="button" onClick={() => void clipboard.writeText(text).then(() => setIsCopied(true))}>
            <Icon name={isCopied ? "check" : "copy"} size={18} />
            <span aria-live="polite">{t(isCopied ? "common.copied" : "common.copy")}</span>
          </button>
        )}
      </div>
    </div>
  );
}
