// The words of both languages: none is missing, none is for nobody, and what the daemon says is said in them.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import i18next from "i18next";
import { beforeAll, expect, test } from "vitest";
import { Refusal, Unanswered, Unreachable } from "../api/client";
import { fixture } from "../fixtures";
import type { Problem, ProblemCode, SlotView } from "../api/types";
import { said } from "../regions/said";
import { en } from "./en";
import { id } from "./id";
import { setLanguage, startI18n } from "./index";
import { wordsFor } from "./problem";

const DASHBOARD = join(import.meta.dirname, "../..");

beforeAll(async () => {
  await startI18n();
  await setLanguage("id");
  await setLanguage("en");
});

type Words = readonly [string, string];

function words(catalogue: object, before = ""): Words[] {
  return Object.entries(catalogue).flatMap(([key, value]: [string, string | object]): readonly Words[] =>
    typeof value === "string" ? [[before + key, value]] : words(value, `${before}${key}.`),
  );
}

test("both languages have the same gaps to fill in", () => {
  const gaps = (catalogue: object) => new Map(words(catalogue).filter(([key]) => !key.endsWith("_one")).map(([key, text]) => [key, (text.match(/\{\{\w+\}\}/g) ?? []).sort()]));
  expect(gaps(id)).toEqual(gaps(en));
});

test("each refusal of the daemon has words in both languages", () => {
  const document = JSON.parse(readFileSync(join(DASHBOARD, "openapi.json"), "utf8")) as { components: { schemas: { ProblemCode: { enum: ProblemCode[] } } } };
  const codes = document.components.schemas.ProblemCode.enum;
  expect(codes.length).toBeGreaterThan(40);
  for (const { problem } of [en, id]) expect(Object.keys(problem.codes).sort()).toEqual([...codes].sort());
});

/** Each key as the code writes it; what is put in at run time may be anything. */
function written(): RegExp[] {
  const folder = join(DASHBOARD, "src");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name) && !/\.test\.|i18n[/](en|id)\./.test(name));
  const source = files.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
  const keys = [...source.matchAll(/["`]([a-zA-Z]+(?:\.(?:\w|\$\{[^}]*\})+)+)["`]/g)].map(([, key = ""]) => key);
  return [...new Set(keys)].map((key) => new RegExp(`^${key.replaceAll(".", "\\.").replaceAll(/\$\{[^}]*\}/g, ".+")}$`));
}

test("there are no words that nobody uses", () => {
  const used = written();
  const dead = words(en).map(([key]) => key.replace(/_(one|other)$/, "")).filter((key) => !used.some((form) => form.test(key)));
  expect(dead).toEqual([]);
});

test("one is one and many are many", () => {
  const t = i18next.getFixedT("en");
  expect([t("tokens.days", { count: 1 }), t("tokens.days", { count: 30 })]).toEqual(["After one day", "After 30 days"]);
  expect([t("setup.import", { count: 1 }), t("setup.import", { count: 2 })]).toEqual(["Import one slot", "Import 2 slots"]);
  expect(i18next.getFixedT("id")("cameras.blind", { count: 1, number: "1" })).toBe("1 petak tak terlihat");
});

test("a refusal is said in the language of the reader, with the daemon's own words where it speaks that or nobody else has any", () => {
  const refused = (code: string) => new Refusal({ ...fixture<Problem>("problem"), code: code as ProblemCode, detail: "its own words", field: null });
  const say = (language: "en" | "id", error: unknown) => wordsFor(i18next.getFixedT(language), language, error);
  expect(say("en", refused("rev_stale"))).toBe("its own words");
  expect(say("en", refused("forbidden"))).toBe("Your token may not do that.");
  expect(say("id", refused("rev_stale"))).toMatch(/^Ini sudah berubah/);
  expect(say("id", refused("of_tomorrow"))).toBe("its own words");
  expect(say("en", new Unanswered(null))).toMatch(/is not known/);
  expect(say("id", new Unreachable(null))).toBe("Server tidak dapat dijangkau.");
});

test("what is said of a camera's view is said in both languages, and what is new is left to be shown as it is", () => {
  const say = (sentence: string) => said(i18next.getFixedT("id"), sentence);
  expect(say(fixture<SlotView>("slot_view").trust_reason)).toBe("Ia sepakat dengan 12 dari 12 pernyataan orang.");
  expect(say(fixture<SlotView>("slot_view.blank").trust_reason)).toBe("0 dari 3 gambar petak yang kosong.");
  expect(say("the picture is too dark to judge (mean brightness 12 of 255)")).toBe("Gambarnya terlalu gelap untuk dinilai.");
  expect(say("the camera was moved by 7 % of its picture: draw its regions again")).toMatch(/bergeser 7 %/);
  expect(say("the moon is full")).toBeNull();
});
