// Languages: which there are, which is chosen, and that the choice is remembered.
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
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
  await i18next.use(initReactI18next).init({
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

async function load(language: Language): Promise<void> {
  if (language === "id" && !i18next.hasResourceBundle("id", "translation")) {
    const { id } = await import("./id");
    i18next.addResourceBundle("id", "translation", id);
  }
  await i18next.changeLanguage(language);
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
