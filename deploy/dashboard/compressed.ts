// Writes each file of a build a second time, compressed as far as it goes, for servers that hand that out as it is.
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Plugin } from "vite";

const KINDS = /\.(js|css|html|svg|webmanifest)$/;
const LEVEL = 9;

export function compressed(): Plugin {
  let folder = "";
  return {
    name: "compressed",
    apply: "build",
    configResolved({ root, build }) {
      folder = join(root, build.outDir);
    },
    async closeBundle() {
      const names = await readdir(folder, { recursive: true });
      const pack = promisify(gzip);
      await Promise.all(
        names
          .filter((name) => KINDS.test(name))
          .map(async (name) => writeFile(join(folder, `${name}.gz`), await pack(await readFile(join(folder, name)), { level: LEVEL }))),
      );
    },
  };
}
