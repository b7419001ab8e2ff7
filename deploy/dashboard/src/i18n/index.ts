// Languages: which there are, which is chosen, and that the choice is remembered.
import type { TFunction } from "i18next";
import i18next from "i18next";
import { useSyncExternalStore } from "react";
import type { Catalogue } from "./en";
import { en } from "./en";

export const LANGUAGES = { en: "English", id: "Bahasa Indonesia" } as const;
export type Language = keyof typeof LANGUAGES;

const KEY = "language";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: Catalogue };
  }
}

/** Ready when the catalogue of the remembered or preferred language is there. */
export async function startI18n(): Promise<void> {
  await i18next.init({
    resources: { en: { translation: en } },
    lng: "en",
    fallbackLng: "en",
    interpolation: { escapeValue: false },
  });
  i18next.on("languageChanged", (language) => (document.documentElement.lang = language));
  const language = preferred();
  if (language !== "en") await load(language);
}

export async function setLanguage(language: Language): Promise<void> {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // It is not remembered then.
  }
  await load(language);
}

/** Words in the language of the reader; another function when that changes. */
export function useTranslation(): { t: TFunction; language: Language } {
  return useSyncExternalStore(subscribe, current);
}

let translation: { t: TFunction; language: Language } | null = null;

function current() {
  const language = i18next.language as Language;
  if (translation?.language !== language) translation = { t: i18next.getFixedT(language), language };
  return translation;
}

function subscribe(listener: () => void): () => void {
  i18next.on("languageChanged", listener);
  return () => i18next.off("languageChanged", listener);
}

/** Where its catalogue cannot be had, as it may be part of a build that is gone, the page stays in the language that it has. */
async function load(language: Language): Promise<void> {
  try {
    if (language === "id" && !i18next.hasResourceBundle("id", "translation")) {
      const { id } = await import("./id");
      i18next.addResourceBundle("id", "translation", id);
    }
    await i18next.changeLanguage(language);
  } catch {
    // Words in another language are better than none.
  }
}

function preferred(): Language {
  let wanted: readonly string[] = navigator.languages;
  try {
    wanted = [localStorage.getItem(KEY) ?? "", ...wanted];
  } catch {
    // Storage may be forbidden.
  }
  // `in` is what Indonesian was called before 1989, and some systems still do.
  const known = wanted.map((tag) => tag.slice(0, 2).replace("in", "id")).find((tag) => tag in LANGUAGES);
  return (known as Language | undefined) ?? "en";
}
