// What axe finds against WCAG 2.2 AA on a page, as sentences; nothing is left out.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

interface Found {
  violations: { id: string; help: string; nodes: { target: string[]; failureSummary: string }[] }[];
}

export async function violations(page: Page): Promise<string[]> {
  // Evaluated from outside, which the policy of the page has no say in.
  await page.evaluate(SOURCE);
  const found = await page.evaluate<Found, string[]>(
    (tags) => (window as unknown as { axe: { run: (where: Document, how: unknown) => Promise<Found> } }).axe.run(document, { runOnly: tags }),
    TAGS,
  );
  return found.violations.map(({ id, help, nodes }) => `${id}: ${help} (${nodes.map((node) => node.target.join(" ")).slice(0, 5).join("; ")}) ${nodes[0]?.failureSummary ?? ""}`);
}
