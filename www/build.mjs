// Builds the page: node build.mjs --pkg ../pkg --out ../dist [options]
// --pkg FOLDER       the package, as `cargo xtask` fills it
// --dev              source maps, and nothing minified
// --published        the modules must keep to the budget too: they are the ones that people download
// --without-webgpu   the module with WebGPU is still being built: the page waits for webgpu.json
// --awaited-webgpu   the page was built without WebGPU, may be open, and is told in webgpu.json that it has come
//
// Every file but index.html, bench.html, sw.js, webgpu.json and tinylens.html has a hash of its content in its name. So
// files are made in the order in which they name each other: modules, workers, page, index.html.

import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { hashed, integrity, version } from "./build/hashes.mjs";
import { link } from "./build/html.mjs";
import { pack, singleFile } from "./build/single.mjs";
import { report } from "./build/sizes.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({
  options: {
    pkg: { type: "string", default: "../pkg" },
    out: { type: "string", default: "../dist" },
    dev: { type: "boolean", default: false },
    published: { type: "boolean", default: false },
    "without-webgpu": { type: "boolean", default: false },
    "awaited-webgpu": { type: "boolean", default: false },
  },
});
// Relative to this file, so that it does not matter where it is called from.
const pkg = resolve(here, values.pkg);
const out = resolve(here, values.out);
const withWebgpu = !values["without-webgpu"];

const start = performance.now();

/** What is written, by name. */
const files = new Map();

/** Bundles `entry`; returns the name it has got. */
async function bundle(entry, options = {}) {
  const { outputFiles } = await build({
    absWorkingDir: here,
    outdir: out,
    write: false,
    bundle: true,
    target: "es2022",
    minify: !values.dev,
    sourcemap: values.dev && "linked",
    logLevel: "warning",
    entryPoints: entry,
    entryNames: "[name]-[hash]",
    format: "esm",
    external: ["node:*"], // in Node, tinylens.js reads a file
    ...options,
    alias: { tinylens: join(pkg, "cpu/tinylens.js"), "tinylens/checkpoint.mjs": join(here, "../pkg/checkpoint.mjs"), "tinylens/compare.mjs": join(here, "../pkg/compare.mjs"), "tinylens/crew.mjs": join(here, "../pkg/crew.mjs"), "tinylens/bench/measure.mjs": join(here, "../pkg/bench/measure.mjs"), ...options.alias },
  });
  for (const { path, contents } of outputFiles) files.set(basename(path), contents);
  return basename(outputFiles.at(-1).path);
}

/** A file as it is, under a hashed name. */
async function asset(path, plain = basename(path)) {
  const contents = await readFile(path);
  const name = hashed(plain, contents);
  files.set(name, contents);
  return name;
}

const constants = (values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]));

// The program comes twice: for the CPU alone, which is small and starts first, and with WebGPU. Both load the third
// module to open a file.
const modules = {
  cpu: await asset(join(pkg, "cpu/tinylens_bg.wasm"), "tinylens_cpu.wasm"),
  ...(withWebgpu && { webgpu: await asset(join(pkg, "tinylens_bg.wasm"), "tinylens_webgpu.wasm") }),
  reader: await asset(join(pkg, "reader/tinylens_reader_bg.wasm"), "tinylens_reader.wasm"),
};
const packed = Promise.all(Object.values(modules).map(async (name) => [name, await pack(files.get(name))])); // meanwhile
// Workers are classic scripts: browsers start no module from a page on a disk (Chromium 148 does not from its blobs).
const forWorkers = (program) => ({
  format: "iife",
  alias: { tinylens: join(pkg, program === "cpu" ? "cpu/tinylens.js" : "tinylens.js") },
  // The host may compress what it sends; the progress line wants the size of what arrives.
  define: { ...constants({ PROGRAM: program, WASM_FILE: modules[program], WASM_BYTES: files.get(modules[program]).length, READER_FILE: modules.reader }), "import.meta.url": "self.location.href" },
});
const [cpuWorker, gpuWorker, comparer, theme, css, icon] = await Promise.all([
  bundle({ worker: "src/worker.ts" }, forWorkers("cpu")),
  withWebgpu && bundle({ worker_webgpu: "src/worker.ts" }, forWorkers("webgpu")),
  bundle({ comparer: "src/comparer.ts" }, forWorkers("cpu")),
  // A classic script: it must run before the first paint, and modules wait.
  bundle({ theme: "src/theme_early.ts" }, { format: "iife" }),
  bundle({ page: "page.css" }, { target: [] }),
  asset(join(here, "favicon.svg")),
]);
const programs = { cpu: { worker: cpuWorker, module: modules.cpu }, webgpu: withWebgpu ? { worker: gpuWorker, module: modules.webgpu } : null };
const page = await bundle({ page: "src/page.tsx" }, { jsx: "automatic", jsxImportSource: "preact", define: constants({ PROGRAM_FILES: programs, READER_FILE: modules.reader, COMPARER_FILE: comparer }) });

const template = await readFile(join(here, "index.html"), "utf8");
const index = link(template, { "favicon.svg": icon, "page.css": css, "theme.js": theme, "page.js": page });

// The benchmark: a page of its own, with the other's looks.
const [cpuMeasurer, gpuMeasurer, benchCss] = await Promise.all([
  bundle({ measurer: "src/bench/measurer.ts" }, forWorkers("cpu")),
  withWebgpu ? bundle({ measurer_webgpu: "src/bench/measurer.ts" }, forWorkers("webgpu")) : null,
  bundle({ bench: "bench.css" }, { target: [] }),
]);
const benchPage = await bundle({ bench: "src/bench/page.tsx" }, { jsx: "automatic", jsxImportSource: "preact", define: constants({ MEASURER_FILES: { cpu: cpuMeasurer, webgpu: gpuMeasurer } }) });
files.set("bench.html", Buffer.from(link(await readFile(join(here, "bench.html"), "utf8"), { "favicon.svg": icon, "page.css": css, "bench.css": benchCss, "theme.js": theme, "bench.js": benchPage })));

// What the page needs when there is no network: everything so far. The page itself is what the folder's own address answers.
const assets = [...files].filter(([name]) => !name.endsWith(".map"));
const checked = (files) => Object.fromEntries(files.map(([name, contents]) => [name, integrity(contents)]));
const isLater = ([name]) => [...Object.values(programs.webgpu ?? {}), gpuMeasurer].includes(name);
const kept = { FILES: checked([["", Buffer.from(index)], ...assets.filter((file) => !isLater(file))]), LATER: checked(assets.filter(isLater)) };
const service = await bundle({ sw: "src/service_worker.ts" }, { entryNames: "[name]", format: "iife", sourcemap: false, define: constants(kept) });
const text = files.get(service);
files.set(service, Buffer.concat([Buffer.from(`const VERSION="${version(text)}";\n`), text]));

files.set("index.html", Buffer.from(index));
if (!withWebgpu || values["awaited-webgpu"]) files.set("webgpu.json", Buffer.from(JSON.stringify(programs.webgpu)));
if (withWebgpu) files.set("tinylens.html", singleFile(template, { files, icon, css, theme, page, workers: [cpuWorker, gpuWorker, comparer], packed: await packed }));

await mkdir(out, { recursive: true });
await Promise.all([...files].map(([name, contents]) => writeFile(join(out, name), contents)));
// Files of earlier builds, which have other names now.
const OURS = /^((page|worker|worker_webgpu|comparer|bench|measurer|measurer_webgpu|theme|tinylens_bg|tinylens_cpu|tinylens_webgpu|tinylens_reader|favicon)(-\w{8})?\.(js|css|wasm|svg)(\.map)?|sw\.js\.map|webgpu\.json)$/;
for (const name of await readdir(out)) if (OURS.test(name) && !files.has(name)) await rm(join(out, name));
console.log(`page: ${out}, ${Math.round(performance.now() - start)} ms`);

// The size of what is not minified says nothing.
const tooLarge = values.dev ? [] : await report(files, { published: values.published, budget: JSON.parse(await readFile(join(here, "budget.json"), "utf8")) });
if (tooLarge.length > 0) {
  console.error(tooLarge.join("\n"));
  process.exit(1);
}
