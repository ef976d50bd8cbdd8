// What can be taken out of the model, as people say it, and as the crate's interventions.

import type { Intervention, ModelConfig } from "tinylens";

export type HeadEdit = "zero" | "mean" | "resample";
export type Ablation =
  | { kind: "head"; layer: number; head: number; edit: HeadEdit }
  | { kind: "edge"; layer: number; head: number; destination: number; source: number; renormalise: boolean }
  | { kind: "position"; position: number }
  | { kind: "mlp"; layer: number };

/** A score so low that the softmax gives it no weight, and finite: a row that has nothing else must not become NaN. */
const NO_SCORE = -1e9;

/** Those that the model has parts for. Edits to mean and resample need other lists, and do nothing to a lone one. */
export function interventionsOf(ablations: readonly Ablation[], model: ModelConfig): Intervention[] {
  return ablations.filter((ablation) => fits(ablation, model)).map(interventionOf);
}

export function fits(ablation: Ablation, model: ModelConfig): boolean {
  if ("layer" in ablation && ablation.layer >= model.n_layers) return false;
  if ("head" in ablation && ablation.head >= model.n_heads) return false;
  if (ablation.kind === "mlp") return !model.attn_only;
  if (ablation.kind === "position") return ablation.position < model.n_ctx && model.positional_embedding_type !== "rotary";
  if (ablation.kind === "edge") return Math.max(ablation.destination, ablation.source) < model.n_ctx;
  return true;
}

function interventionOf(ablation: Ablation): Intervention {
  switch (ablation.kind) {
    case "head":
      return { hook: `blocks.${ablation.layer}.attn.hook_z`, edit: ablation.edit, heads: [ablation.head] };
    case "edge": {
      const { layer, head, destination, source, renormalise } = ablation;
      const where = { heads: [head], positions: [destination], sources: [source] };
      if (renormalise) return { hook: `blocks.${layer}.attn.hook_attn_scores`, edit: "replace", value: NO_SCORE, ...where };
      return { hook: `blocks.${layer}.attn.hook_pattern`, edit: "zero", ...where };
    }
    case "position":
      return { hook: "hook_pos_embed", edit: "zero", positions: [ablation.position] };
    case "mlp":
      return { hook: `blocks.${ablation.layer}.hook_mlp_out`, edit: "zero" };
  }
}

const HEAD: Record<HeadEdit, string> = { zero: "zeroed", mean: "at its mean", resample: "resampled" };

export function described(ablation: Ablation): string {
  switch (ablation.kind) {
    case "head":
      return `head ${ablation.layer}.${ablation.head} ${HEAD[ablation.edit]}`;
    case "edge":
      return `edge ${ablation.destination} ← ${ablation.source} of head ${ablation.layer}.${ablation.head} cut${ablation.renormalise ? "" : ", row not renormalised"}`;
    case "position":
      return `no position embedding at ${ablation.position}`;
    case "mlp":
      return `MLP of layer ${ablation.layer} zeroed`;
  }
}
