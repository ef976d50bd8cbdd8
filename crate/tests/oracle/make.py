"""Writes the oracle fixtures beside this file: small models as TransformerLens computes them, for the crate's tests to reproduce.

    python -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python make.py [NAME...]

(transformer-lens 3.9.0, torch 2.15.0, numpy 2.4.6, safetensors 0.8.0; 15 seconds on a CPU.) With names, only those are written. The
seeds are fixed and each fixture has its own, so adding one leaves the others as they are. Everything is float32; the same numbers are
computed in float64 too, and the script prints how far the two are apart: the noise that a tolerance must allow.

  <case>.safetensors            one model of cases.py: `param.*`, `tokens`, perhaps `attention_mask`, `logits`, `cache.<hook>` for every
                                hook, `targets`, `loss` (cross entropy of logits[:, :-1], every position) and `grad.<parameter>`;
                                metadata: `config`, `hook_names` in the order they fire, `padding` (none, mask, additive)
  processed_<case>.safetensors  `logits.<option>` after load_and_process_state_dict with that option alone, or with `all`; for FULL also
                                `processed.<option>.<parameter>`, the state dict it leaves; metadata: `outcome` says what became of each
  interventions.safetensors     `logits.<name>` of a case under hooks, with the values the hooks used; metadata: `case`, `hooks`
  training.safetensors          `tokens` [50, B, P], then for each model `<model>.losses` [50], `.initial.*` and `.final.*` (training.py)
  generation.json               greedy generation by models of cases.py, and what sample_logits hands to its sampler (generation.py)

Metadata is JSON, but for `case` and `padding`, which are plain names; every file has its `versions`. Masked scores are -inf.
Not here: other people's checkpoints (shared/checkpoints), and whatever HookedTransformer does with text.
"""

import logging
import sys
from functools import partial

import torch
import torch.nn.functional as F
from cases import BASE, CASES, build, config_of, inputs, parameters, seed, write
from generation import write_generation
from training import write_training

PROCESSED = ["notebook", "attn_only_ln", "ln_relu", "lnpre_gelu", "rms_gelu_new", "rmspre_silu", "none_gelu", "ln_solu_ln", "lnpre_solu_ln",
             "rms_solu_ln", "none_solu_ln", "rotary_partial", "shortformer_none", "shortformer_ln"]  # fmt: skip
FULL = ["ln_relu", "rms_gelu_new", "ln_solu_ln"]
OPTIONS = ["center_writing_weights", "center_unembed", "fold_ln", "fold_value_biases"]


def run(name, dtype):
    """Everything the model of a case computes: (model, hook names, tensors)."""
    model = build(name, dtype)
    tokens, targets, keywords = inputs(name)
    logits, cache = model.run_with_cache(tokens, **keywords)
    loss = F.cross_entropy(logits[:, :-1].reshape(-1, logits.shape[-1]), targets.reshape(-1))
    loss.backward()
    tensors = {f"param.{k}": v for k, v in parameters(model).items()}
    tensors |= {"logits": logits, "loss": loss[None]} | {f"cache.{k}": v for k, v in cache.items()}
    tensors |= {f"grad.{k}": p.grad for k, p in model.named_parameters()}
    return model, list(cache.keys()), tensors


def write_case(name):
    model, hook_names, tensors = run(name, torch.float32)
    double = run(name, torch.float64)[2]
    noise = max((v - double[k]).nan_to_num(0.0).abs().max().item() for k, v in tensors.items())  # nan: -inf less -inf
    tokens, targets, keywords = inputs(name)
    padding = "none" if not keywords else "additive" if CASES[name].get("additive") else "mask"
    write(name, tensors | {"tokens": tokens, "targets": targets} | keywords,
          {"config": config_of(model), "hook_names": hook_names, "padding": padding})  # fmt: skip
    print(f"{name}: {len(hook_names)} hooks, noise {noise:.1e}")


@torch.no_grad()
def write_processed(name):
    """What each option makes of a case. `process_weights_` is the same function with fold_value_biases always on."""
    tokens, _, keywords = inputs(name)
    before = build(name)
    tensors, outcome = {}, {}
    for option in [*OPTIONS, "all"]:
        model = build(name)
        try:
            model.load_and_process_state_dict(model.state_dict(), **{o: option in (o, "all") for o in OPTIONS})
        except AssertionError as error:
            outcome[option] = f"refused: {error}"
            continue
        logits = model(tokens, **keywords)
        moved = (logits.log_softmax(-1) - before(tokens, **keywords).log_softmax(-1)).abs().max().item()
        same = all(torch.equal(v, parameters(before)[k]) for k, v in parameters(model).items())
        outcome[option] = "skipped" if same else "log probabilities kept" if moved < 1e-5 else "log probabilities changed"
        tensors[f"logits.{option}"] = logits
        if name in FULL:
            tensors |= {f"processed.{option}.{k}": v for k, v in parameters(model).items()}
    write(f"processed_{name}", tensors, {"case": name, "outcome": outcome})
    print(f"processed_{name}: " + ", ".join(f"{k} {v}" for k, v in outcome.items() if v != "log probabilities kept"))


@torch.no_grad()
def write_interventions(name="ln_relu"):
    """One hook of each kind, and all of them at once."""
    model, tokens = build(name), inputs(name)[0]
    generator = torch.Generator().manual_seed(seed("interventions"))
    values, vector = (torch.randn(*shape, generator=generator) for shape in ((2, BASE["d_head"]), (BASE["d_model"],)))

    def replace(z, hook):  # [B, P, H, d_head]
        z[:, [1, 2], 1] = values
        return z

    def zero(pattern, hook):  # [B, H, P, P]
        pattern[:, 0] = 0.0
        return pattern

    def mean(z, hook):  # [B, P, H, d_head]
        z[:, :, 0] = z[:, :, 0].mean(0, keepdim=True)
        return z

    def add(resid, hook):  # [B, P, d_model]
        resid[:, 2] += vector
        return resid

    hooks = {  # name: (where, what, in words)
        "replace": ("blocks.0.attn.hook_z", replace, "values at head 1, positions 1 and 2"),
        "zero": ("blocks.1.attn.hook_pattern", zero, "head 0"),
        "mean": ("blocks.0.attn.hook_z", mean, "head 0, over the batch"),
        "add": ("blocks.1.hook_resid_pre", add, "vector at position 2"),
    }
    tensors = {f"logits.{k}": model.run_with_hooks(tokens, fwd_hooks=[hook[:2]]) for k, hook in hooks.items()}
    tensors["logits.all"] = model.run_with_hooks(tokens, fwd_hooks=[hook[:2] for hook in hooks.values()])
    write("interventions", tensors | {"values": values, "vector": vector, "tokens": tokens},
          {"case": name, "hooks": {k: [where, words] for k, (where, _, words) in hooks.items()}})  # fmt: skip
    print("interventions: " + ", ".join(f"{k} moves {(v - model(tokens)).abs().max():.2f}" for k, v in tensors.items()))


if __name__ == "__main__":
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)  # TransformerLens warns of each norm it cannot fold; `outcome` says so
    jobs = {name: partial(write_case, name) for name in CASES} | {f"processed_{name}": partial(write_processed, name) for name in PROCESSED}
    jobs |= {"interventions": write_interventions, "training": write_training, "generation": write_generation}
    for name in sys.argv[1:] or jobs:
        jobs[name]()
