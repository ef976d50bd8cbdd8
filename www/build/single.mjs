// tinylens.html: the page in one file, which opens by a double click. The scripts and styles are the same bytes as in the other files,
// put into the markup: those that the document runs as inline elements, the workers' as text and the modules as gzip in base64,
// both in elements that do nothing until src/program.ts reads them.
//
// Its policy allows those inline elements by their hashes, and no request at all.

import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { integrity } from "./hashes.mjs";
import { replace } from "./html.mjs";

/** The text of a file, as it can stand inside of `element`. */
function inside(element, name, contents) {
  const text = Buffer.from(contents).toString("utf8").trim();
  if (new RegExp(`</${element}|<!--`, "i").test(text)) throw new Error(`${name} holds “</${element}” or “<!--”, with which it can't be put into tinylens.html: write it in another way.`);
  return text;
}

/** A module, as it is put in. */
export const pack = (wasm) => promisify(gzip)(wasm, { level: 9 });

/** `files`: everything built, by name; the others name some of them. `packed`: modules by name, as `pack` made them. */
export function singleFile(template, { files, icon, css, theme, page, workers, packed }) {
  const script = (name) => inside("script", name, files.get(name));
  const [style, early, main] = [inside("style", css, files.get(css)), script(theme), script(page)];
  const policy = [
    "default-src 'none'",
    `script-src '${integrity(early)}' '${integrity(main)}' 'wasm-unsafe-eval'`,
    "worker-src blob:",
    `style-src '${integrity(style)}'`,
    "img-src data: blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const held = [
    ...workers.map((name) => `<script type="text/plain" id="${name}">${script(name)}</script>`),
    ...packed.map(([name, bytes]) => `<script type="application/gzip" id="${name}">${bytes.toString("base64")}</script>`),
  ];
  const pieces = [
    [/(?<=http-equiv="Content-Security-Policy" content=")[^"]*/.exec(template)?.[0] ?? "a policy", policy],
    ["favicon.svg", `data:image/svg+xml;base64,${Buffer.from(files.get(icon)).toString("base64")}`],
    ['<link rel="stylesheet" href="page.css">', `<style>${style}</style>`],
    ['<script src="theme.js"></script>', `<script>${early}</script>`],
    ['<script type="module" src="page.js"></script>', `<script type="module">${main}</script>`],
    // At the end: what is above is painted before the rest is read.
    ["</body>", `${held.join("\n")}\n</body>`],
  ];
  return Buffer.from(pieces.reduce((html, [piece, by]) => replace(html, piece, by), template));
}
