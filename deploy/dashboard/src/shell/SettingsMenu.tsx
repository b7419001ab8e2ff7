// What belongs to this device and this person: lot, appearance, language, login.
import { Menu } from "@base-ui/react/menu";
import { useState } from "react";
import type { Language } from "../i18n";
import { LANGUAGES, setLanguage, useTranslation } from "../i18n";
import { useWords } from "../i18n/problem";
import { useSession } from "../session";
import { Icon } from "../ui/icons";
import type { Theme } from "./theme";
import { setTheme, theme } from "./theme";

const THEMES: readonly Theme[] = ["light", "dark", "system"];

export default function SettingsMenu({ isOpenAtOnce }: { isOpenAtOnce: boolean }) {
  const { t, language } = useTranslation();
  const { identity, lotId, lots, chooseLot, logIn, logOut } = useSession();
  const words = useWords();
  const [shown, setShown] = useState<Theme>(theme);
  const [problem, setProblem] = useState<unknown>(null);
  const leave = () => {
    setProblem(null);
    logOut().catch(setProblem);
  };
  const choose = (next: Theme) => {
    setTheme(next);
    setShown(next);
  };
  return (
    <Menu.Root modal={false} defaultOpen={isOpenAtOnce}>
      <Menu.Trigger className="button square quiet" aria-label={t("menu.label")}>
        <Icon name="user" />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="menu-place" align="end" sideOffset={8}>
          <Menu.Popup className="menu">
            <p className="menu-who">
              {identity ? t("login.as", { name: identity.name, role: t(`role.${identity.role}`) }) : t("login.anonymous")}
            </p>
            {lots.length > 1 && (
              <Choice label={t("menu.lot")} value={lotId} onChange={chooseLot} options={lots.map((lot) => [lot.id, lot.name])} />
            )}
            <Choice label={t("menu.theme")} value={shown} onChange={choose} options={THEMES.map((name) => [name, t(`menu.themes.${name}`)])} />
            <Choice
              label={t("menu.language")}
              value={language}
              onChange={(next) => void setLanguage(next)}
              options={Object.entries(LANGUAGES) as [Language, string][]}
            />
            <Menu.Separator className="menu-line" />
            <Menu.Item className="menu-item" render={<a href={`/?kiosk&lot=${encodeURIComponent(lotId)}`} />}>
              {t("menu.kiosk")}
            </Menu.Item>
            {/* The menu stays: it says so when one is still logged in. */}
            <Menu.Item className="menu-item" closeOnClick={!identity} onClick={identity ? leave : logIn}>
              {t(identity ? "login.out" : "login.in")}
            </Menu.Item>
            {problem !== null && (
              <p className="problem menu-problem" role="alert">
                {t("login.stillIn")} {words(problem)}
              </p>
            )}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}

function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  return (
    <Menu.Group className="menu-group">
      <Menu.GroupLabel className="menu-label">{label}</Menu.GroupLabel>
      <Menu.RadioGroup value={value} onValueChange={onChange}>
        {options.map(([name, word]) => (
          <Menu.RadioItem key={name} value={name} className="menu-item" closeOnClick>
            <span>{word}</span>
            <Menu.RadioItemIndicator className="menu-tick">
              <Icon name="check" size={16} />
            </Menu.RadioItemIndicator>
          </Menu.RadioItem>
        ))}
      </Menu.RadioGroup>
    </Menu.Group>
  );
}
