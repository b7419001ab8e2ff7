// Why something did not work, in the language of the reader.
import type { TFunction } from "i18next";
import { Refusal, Unanswered } from "../api/client";
import type { ProblemCode } from "../api/types";
import type { Language } from "./index";
import { useTranslation } from "./index";

/** Refusals that the daemon words for programs and people alike, while a person is told here what to do. */
const OWN_WORDS: ReadonlySet<ProblemCode> = new Set([
  "unauthenticated",
  "forbidden",
  "csrf_mismatch",
  "request_timeout",
  "body_too_large",
  "rate_limited",
  "internal",
  "unavailable",
  "outcome_unknown",
  "overloaded",
  "storage_full",
]);

export function useWords(): (error: unknown) => string {
  const { t, language } = useTranslation();
  return (error) => wordsFor(t, language, error);
}

export function wordsFor(t: TFunction, language: Language, error: unknown): string {
  if (error instanceof Unanswered) return t("problem.unanswered");
  if (!(error instanceof Refusal)) return t("problem.unreachable");
  const { code, detail, field } = error.problem;
  // The daemon speaks English, and says on what it was attempted.
  if (language === "en" && !OWN_WORDS.has(code)) return detail;
  const words = t(`problem.codes.${code}`, { defaultValue: detail });
  return field ? `${words} (${field})` : words;
}
