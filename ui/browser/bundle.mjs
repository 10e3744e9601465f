// Builds the test host into the folder given: host.js and host.css.
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

await esbuild.build({
  absWorkingDir: fileURLToPath(new URL("..", import.meta.url)),
  entryPoints: { host: "browser/host.tsx" },
  outdir: process.argv[2],
  bundle: true,
  format: "iife",
  target: "es2020",
  define: { "process.env.NODE_ENV": '"production"', "globalThis.__DEV__": "false" },
  logLevel: "error",
});
