// The panels and controls that a link can hide or unfold, by the names that links give them (the crate's `PANELS`).

import { effect, signal } from "@preact/signals";

/** Where they are, if not marked with data-panel. */
const PLACES: Record<string, string> = {
  sequence: "section.sequence",
  list: ".sequence .list",
  predictions: ".sequence .head .check",
  undo: ".sequence .changes",
  presets: "details.presets",
  generation: "details.generation",
  ablate: "details.ablate",
  attention: "section.attention",
  view: "details.view, .attention .look",
  numbers: ".attention details.twin",
  transport: "section.transport",
  reset: '.transport [aria-keyshortcuts="r"]',
  play: ".transport .play",
  step: '.transport [aria-keyshortcuts="."], .transport form',
  readouts: "section.readouts",
  seed: "form.seed",
  loss: "section.loss",
  file: "section.file",
  export: "details.export",
  ablations: "section.ablations",
  claims: "section.claims",
  comparison: "details.comparison",
  runs: "details.runs",
  settings: "details.settings",
  open: "button.open",
  device: ".chip.device",
  share: "button.share",
  theme: ".chip.theme",
  help: ".help-button",
  tour: ".tour, .invitation",
};

const placeOf = (name: string): string => (name.includes(".") ? `.control:has([data-path="${name}"])` : (PLACES[name] ?? `[data-panel="${name}"]`));

/** Those that teachers most often hide, as the share dialog calls them. */
export const HIDEABLE: Record<string, string> = {
  sequence: "Sequence",
  attention: "Attention",
  transport: "Transport",
  readouts: "Figures",
  loss: "Loss",
  export: "Export",
  ablations: "Ablations",
  claims: "Claims",
  comparison: "Comparisons",
  settings: "Settings",
  open: "Open a checkpoint",
  device: "Device",
  share: "Share",
  theme: "Theme",
};

/** As the link says; the page itself hides nothing. */
export const hidden = signal<string[]>([]);
/** Panels that are folded open. */
export const unfolded = signal<string[]>([]);

const sheet = new CSSStyleSheet();

/** Names come from links; the module lets only known ones through. */
function hide(): void {
  sheet.replaceSync(hidden.value.map((name) => `:is(${placeOf(name)}) { display: none !important; }`).join("\n"));
}

const foldOf = (name: string): HTMLDetailsElement | null => {
  const place = name.includes(".") ? null : document.querySelector(placeOf(name));
  return place instanceof HTMLDetailsElement ? place : null;
};

/** Folds open what a link says, and shut what it does not. */
export function unfold(names: readonly string[]): void {
  unfolded.value = [...names];
  for (const name of Object.keys(PLACES)) {
    const fold = foldOf(name);
    if (fold) fold.open = names.includes(name);
  }
}

export function watchPanels(): void {
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  effect(hide);
  // Folding does not bubble, and is heard on its way down.
  document.addEventListener(
    "toggle",
    ({ target }) => {
      const name = target instanceof HTMLDetailsElement && Object.keys(PLACES).find((name) => target.matches(PLACES[name]!));
      if (!name) return;
      const others = unfolded.value.filter((other) => other !== name);
      unfolded.value = (target as HTMLDetailsElement).open ? [...others, name] : others;
    },
    true,
  );
}
