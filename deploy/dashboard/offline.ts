// Writes the service worker of a build: the list of what it keeps, and a name for it that changes with any of it.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "vite";

const KEPT = ["/", "/theme.js", "/icon.svg", "/icon-192.png", "/manifest.webmanifest"];

export function offline(): Plugin {
  return {
    name: "offline",
    apply: "build",
    // Only now it is known which parts there are: some were empty, and left out.
    async writeBundle(options, bundle) {
      const assets = Object.keys(bundle).filter((name) => name.startsWith("assets/")).map((name) => `/${name}`);
      const version = createHash("sha256").update(assets.join("\n")).digest("hex").slice(0, 12);
      const worker = await readFile(join(import.meta.dirname, "src/worker.js"), "utf8");
      const source = worker.replace("__VERSION__", version).replace('["__KEPT__"]', JSON.stringify([...KEPT, ...assets.sort()]));
      await writeFile(join(options.dir ?? "dist", "worker.js"), source);
    },
  };
}
