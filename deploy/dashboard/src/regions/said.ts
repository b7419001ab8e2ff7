// What the daemon says of a camera's view, in the language of the reader. It says it in English sentences: those that are known here have words of
// their own, and whatever it may say some day is shown as it says it.
import type { TFunction } from "i18next";
import type { en } from "../i18n/en";

type Said = keyof (typeof en)["why"]["said"];

/** Sentences by how they begin or what they hold; their numbers stand in the words as a, b, c and so on. */
const KNOWN: readonly (readonly [RegExp, Said])[] = [
  [/^\d+ of \d+ pictures of the empty slot/, "learning"],
  [/^was not shown the empty slot by this light/, "light"],
  [/^agreed with only/, "disagrees"],
  [/^agreed with .* decides by itself/, "suggesting"],
  [/^agreed with/, "automatic"],
  [/as full of edges as a vehicle/, "cluttered"],
  [/^less than \d+ pixels wide/, "small"],
  [/minutes before it arrived/, "late"],
  [/^a newer picture came/, "older"],
  [/^the picture is the same as the one before/, "same"],
  [/another shape than the one/, "shape"],
  [/^the camera was moved by/, "moved"],
  [/shows something else/, "elsewhere"],
  [/cannot be decoded/, "broken"],
  [/ends early/, "short"],
  [/has only \d+x\d+ pixels/, "tiny"],
  [/too dark/, "dark"],
  [/shows nothing/, "covered"],
];
const NUMBER = /\d+(x\d+)?/g;

/** Null for a sentence that is not known here. */
export function said(t: TFunction, sentence: string): string | null {
  const known = KNOWN.find(([form]) => form.test(sentence));
  if (!known) return null;
  const numbers = sentence.match(NUMBER) ?? [];
  const [a = "", b = "", c = "", d = "", e = ""] = numbers;
  return t(`why.said.${known[1]}`, { a, b, c, d, e });
}
