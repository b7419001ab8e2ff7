// Writes the service worker of a build: the list of what it keeps, and a name for it that changes with the content of any of it.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "vite";

const KEPT = ["/", "/theme.js", "/icon.svg", "/icon-192.png", "/manifest.webmanifest"];

/** Where in the build a kept address lies. */
function fileOf(path: string): string {
  return path === "/" ? "index.html" : path.slice(1);
}

/** Another whenever one of the files is another, in its name or its content. */
export function versionOf(files: ReadonlyMap<string, Uint8Array>): string {
  const hash = createHash("sha256");
  for (const [path, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(`${path} ${content.length}\n`).update(content);
  return hash.digest("hex").slice(0, 12);
}

export function offline(): Plugin {
  return {
    name: "offline",
    apply: "build",
    // Only now it is known which parts there are: some were empty, and left out.
    async writeBundle(options, bundle) {
      const folder = options.dir ?? "dist";
      const assets = Object.keys(bundle).filter((name) => name.startsWith("assets/")).map((name) => `/${name}`);
      const kept = [...KEPT, ...assets.sort()];
      const worker = await readFile(join(import.meta.dirname, "src/worker.js"), "utf8");
      const contents = await Promise.all(kept.map((path) => readFile(join(folder, fileOf(path)))));
      const version = versionOf(new Map([["worker.js", Buffer.from(worker)], ...kept.map((path, at) => [path, contents[at] ?? Buffer.of()] as const)]));
      const source = worker.replace("__VERSION__", version).replace('["__KEPT__"]', JSON.stringify(kept));
      await writeFile(join(folder, "worker.js"), source);
    },
  };
}
