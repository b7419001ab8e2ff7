// What cameras say of themselves in words of their firmware, in words for people; what is not known here is shown as it was said.
import type { TFunction } from "i18next";
import type { Health } from "../api/types";
import type { en } from "../i18n/en";

type Words = (typeof en)["cameras"];
type Known = null | Health | undefined;

export function resetWord(t: TFunction, health: Known): string | null {
  const said = health?.reset_reason;
  if (!said) return null;
  // Other firmware writes the same in its own way.
  const name = said.toLowerCase().replaceAll("-", "_");
  return t(`cameras.resets.${name as keyof Words["resets"]}`, { defaultValue: said });
}

export function modeWord(t: TFunction, health: Known): string | null {
  return health?.mode ? t(`cameras.modes.${health.mode as keyof Words["modes"]}`, { defaultValue: health.mode }) : null;
}

export function updateWord(t: TFunction, health: Known): string | null {
  return health?.update ? t(`cameras.updates.${health.update as keyof Words["updates"]}`, { defaultValue: health.update }) : null;
}
