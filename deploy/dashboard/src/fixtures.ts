// The golden messages of daemon/api, which the daemon's own tests hold it to. For tests alone.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dirname, "../../../daemon/api/fixtures");

export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8")) as T;
}

export function fixtureNames(prefix: string): string[] {
  const names = readdirSync(FOLDER).filter((name) => name.startsWith(prefix) && name.endsWith(".json"));
  return names.map((name) => name.slice(0, -".json".length));
}
