// Builds dist/compreface.js and dist/compreface.css. `--check` compares with what is committed, `--watch` follows edits.
import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const MOST_GZIP_KB = 200; // of the script: what a page load may cost

const options = {
  absWorkingDir: here,
  entryPoints: { compreface: "src/index.tsx" },
  outdir: "dist",
  bundle: true,
  write: false,
  format: "iife", // Stash loads classic scripts, and all plugins share one scope
  target: "es2020",
  jsx: "transform", // React is the host's: see src/host.ts
  minify: true,
  charset: "utf8",
  legalComments: "none",
};

async function built() {
  const result = await esbuild.build(options);
  return result.outputFiles;
}

async function check() {
  const stale = [];
  for (const file of await built()) {
    const kept = await readFile(file.path).catch(() => Buffer.alloc(0));
    if (!kept.equals(Buffer.from(file.contents))) stale.push(relative(here, file.path));
    const kilobytes = gzipSync(file.contents).length / 1000;
    console.log(`${relative(here, file.path)}: ${kilobytes.toFixed(1)} kB gzip`);
    if (kilobytes > MOST_GZIP_KB) stale.push(`${relative(here, file.path)} is larger than ${MOST_GZIP_KB} kB gzip`);
  }
  if (stale.length > 0) {
    console.error(`not up to date: ${stale.join(", ")}; run npm run build in ${relative(join(here, ".."), here)}/`);
    process.exit(1);
  }
}

if (process.argv.includes("--check")) await check();
else if (process.argv.includes("--watch")) await (await esbuild.context({ ...options, write: true })).watch();
else await esbuild.build({ ...options, write: true });
