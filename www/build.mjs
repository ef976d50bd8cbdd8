// Bundles the page: node build.mjs --pkg ../pkg --out ../dist [--dev]
// `--pkg`: the folder of tinylens.js and tinylens_bg.wasm. `--dev`: source maps, nothing minified.

import { copyFile, mkdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({ options: { pkg: { type: "string", default: "../pkg" }, out: { type: "string", default: "../dist" }, dev: { type: "boolean", default: false } } });
// Relative to this file, so that it does not matter where it is called from.
const pkg = resolve(here, values.pkg);
const out = resolve(here, values.out);

const start = performance.now();
const wasm = join(pkg, "tinylens_bg.wasm");
const bytes = (await stat(wasm)).size;
await mkdir(out, { recursive: true });

const common = { absWorkingDir: here, outdir: out, bundle: true, target: "es2022", minify: !values.dev, sourcemap: values.dev, logLevel: "warning" };
await Promise.all([
  build({
    ...common,
    entryPoints: { page: "src/page.tsx", worker: "src/worker.ts", comparer: "src/comparer.ts" },
    format: "esm",
    jsx: "automatic",
    jsxImportSource: "preact",
    external: ["node:*"], // tinylens.js reads a file where it runs in Node
    alias: { tinylens: join(pkg, "tinylens.js"), "tinylens/compare.mjs": join(here, "../pkg/compare.mjs") },
    // The host may compress what it sends; the progress line wants the size of what arrives.
    define: { WASM_BYTES: String(bytes) },
  }),
  // A classic script: it must run before the first paint, and modules wait.
  build({ ...common, entryPoints: { theme: "src/theme_early.ts" }, format: "iife" }),
  build({ ...common, entryPoints: ["page.css"], target: [] }),
]);
for (const file of ["index.html", "favicon.svg"]) await copyFile(join(here, file), join(out, file));
await copyFile(wasm, join(out, "tinylens_bg.wasm"));
console.log(`page: ${out}, ${Math.round(performance.now() - start)} ms`);
