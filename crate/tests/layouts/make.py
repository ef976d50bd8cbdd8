"""Writes the checkpoints beside this file, small random models in other people's layouts, and expected.json with what comes out of them.

    python -m venv venv && venv/bin/pip install -r ../oracle/requirements.txt transformers==5.23.0 && venv/bin/python make.py [-v]

(Python 3.11, transformer-lens 3.9.0, transformers 5.23.0, torch 2.15.0, numpy 2.4.6, safetensors 0.8.0; 10 seconds on a CPU.) The seeds
are fixed, each file has its own. Raw pickles and legacy files have memory addresses as storage keys: a second run writes other bytes
with the same content.

  grokking*         Nanda's grokking code of 2022: TransformerLens's names, matrices as [write, read]. `_gelu` has two layers, `_bare` is
                    the state dict alone, and in `_ambiguous` every size is 8.
  nanogpt*          nanoGPT. `nanogpt` was compiled (`_orig_mod.`); `_nobias` was resumed, so that its `config` holds train.py's defaults,
                    which are not the model's: `model_args` are. `_bare` is the state dict alone, with the masks of an older PyTorch.
  mingpt, mingpt2020   minGPT as of 2022 and as of 2020, state dicts.
  gpt2*             transformers' GPT2LMHeadModel: save_pretrained, and torch.save of the state dict. `_hub` is as in the files
                    published with GPT-2: no `transformer.`, no lm_head, masks; the .bin is legacy and has the masks of bytes and the
                    `masked_bias` that transformers kept for years.
  hooked*           transformer-lens: a whole module; rotary state dicts; a raw pickle with `cfg`.

expected.json, for each file: `tokens` [B, P]; `logits` [B, P, d_vocab_out], float32; `config`, the fields that a reader should end with,
by TransformerLens's names; `given`, those among them that it can't know, so that the caller must say them. Nothing is in `given` that
is right as a guess: relu for TransformerLens and grokking, gelu for minGPT of 2020 and for what has lm_head tied to wte (nanoGPT),
gelu_new for the rest of the family. What rotary tables show (`rotary_base`, `rotary_adjacent_pairs`) is in `given`, yet can be read.

Logits are computed from what was read back from the file: by models.py for nanoGPT, minGPT and grokking, by transformers for GPT-2. They
are checked to 1e-5: nanoGPT and minGPT against GPT2LMHeadModel, and all against a HookedTransformer built from `config`. Another
activation, or another value of what is in `given`, must move them by more than 3e-4.
"""

import json
import logging
import pickle
import re
import sys
import tempfile
import warnings
from collections import OrderedDict
from pathlib import Path

import torch
from models import ACTIVATIONS, generator, gpt, gpt2_model, gpt_state, grokking, grokking_state, grokking_to_lens, inserted, mingpt2020_state
from models import randomise, to_gpt2, triangle
from safetensors.torch import load_file, save_file

warnings.filterwarnings("ignore")  # HookedTransformer announces its own deprecation
from transformer_lens import HookedTransformer, HookedTransformerConfig
from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights

HERE = Path(__file__).parent
B = 2
FIELDS = """n_layers n_heads d_model d_head d_mlp n_ctx d_vocab d_vocab_out attn_only act_fn normalization_type eps
    positional_embedding_type attention_dir use_attn_scale attn_scale""".split()
BUFFERS = ("mask", "IGNORE", "rotary_sin", "rotary_cos")
ROTARY = ["rotary_dim", "rotary_base", "rotary_adjacent_pairs"]
expected = {}

# --- Files ---


def store(file, content, **options):
    torch.save(content, HERE / file, **options)  # the folder in the zip is named after the file


def load(file):
    if file.endswith(".safetensors"):
        return load_file(HERE / file)
    if file.endswith(".pkl"):
        return pickle.loads((HERE / file).read_bytes())
    return torch.load(HERE / file, weights_only=False)


def state_of(file):
    content = load(file)
    if isinstance(content, torch.nn.Module):
        return content.state_dict()
    content = content["model"] if "model" in content else content
    return {name.removeprefix("_orig_mod."): value for name, value in content.items()}


def config_of(cfg):
    """As a HookedTransformerConfig resolves it: the fields that the crate knows, floats as Python's (attn_scale is numpy's)."""
    fields = {name: getattr(cfg, name) for name in FIELDS + (ROTARY if cfg.positional_embedding_type == "rotary" else [])}
    return {name: float(value) if isinstance(value, float) else value for name, value in fields.items()}


def lens_config(**fields):
    return config_of(HookedTransformerConfig(**fields, device="cpu"))


def lens(config, state):
    model = HookedTransformer(HookedTransformerConfig(**config, device="cpu"))
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected, unexpected
    for name in missing:
        if not name.endswith(BUFFERS):
            assert re.search(r"\.b(_[A-Z])?$", name), name
            model.get_parameter(name).data.zero_()
    return model


def tokens_of(file, config):
    return torch.randint(config["d_vocab"], (B, config["n_ctx"]), generator=generator(f"{file} tokens"))


def apart(a, b):
    return (a - b).abs().max().item()


@torch.no_grad()
def expect(file, config, given, forward, *others, to_lens):
    """`forward` and `others` make logits of (state, tokens, config); `to_lens` a HookedTransformer's parameters of (state, config)."""
    state, tokens = state_of(file), tokens_of(file, config)
    logits = forward(state, tokens, config)
    distances = [apart(logits, other(state, tokens, config)) for other in others]
    distances.append(apart(logits, lens(config, to_lens(state, config))(tokens)))
    assert max(distances) < 1e-5, (file, distances)
    # Another activation, and whatever else can be mistaken, must be seen.
    mistakes = [config | {"act_fn": act} for act in ACTIVATIONS if act != config["act_fn"]]
    if "n_heads" in given:
        mistakes.append(config | {"n_heads": 1, "d_head": config["d_model"], "attn_scale": config["d_model"] ** 0.5})
    mistakes += [{name: value for name, value in config.items() if name != field} for field in given if field in ROTARY]
    least = min(apart(logits, lens(mistake, to_lens(state, mistake))(tokens)) for mistake in mistakes)
    assert least > 3e-4, (file, least)
    assert not any(value.isnan().any() for value in [logits, *state.values()])
    size = (HERE / file).stat().st_size
    assert size <= 40_000, (file, size)
    print(f"{file}: {size} bytes, {', '.join(f'{d:.1e}' for d in distances)} apart; mistaken {least:.1e}; logits to {logits.abs().max():.1f}")
    if "-v" in sys.argv:
        print(*(f"    {name} {list(value.shape)} {value.dtype}" for name, value in state.items()), sep="\n")
    numbers = [[[float(f"{x:.9g}") for x in row] for row in rows] for rows in logits.tolist()]  # nine digits are a float32
    expected[file] = {"tokens": tokens.tolist(), "logits": numbers, "config": config, "given": given}


# --- Nanda's grokking code ---

SIZES = dict(seed="seed", n_layers="n_layers", H="n_heads", C="d_model", D="d_head", M="d_mlp", T="n_ctx", V="d_vocab")


def make_grokking(file, content, act="relu", **sizes):
    store_ = store if file.endswith(".pt") else lambda file, content: (HERE / file).write_bytes(pickle.dumps(content))
    store_(file, content(grokking_state(file, **sizes)))
    config = lens_config(**{SIZES[name]: size for name, size in sizes.items()}, act_fn=act, normalization_type=None)
    expect(file, config, {}, grokking, to_lens=grokking_to_lens)


def run(state, num_layers, d_model, num_heads, d_mlp, p, n_ctx, act_type):
    """What was saved of a run: its Config as a dict, whose d_head is a property, thus not there."""
    config = {"lr": 1e-3, "weight_decay": 1.0, "p": p, "d_model": d_model, "fn_name": "add", "frac_train": 0.3, "num_epochs": 50000,
              "save_models": False, "save_every": 100, "stopping_thresh": -1, "seed": 0, "num_layers": num_layers, "batch_style": "full",
              "d_vocab": p + 1, "n_ctx": n_ctx, "d_mlp": d_mlp, "num_heads": num_heads, "act_type": act_type,
              "device": torch.device("cuda"), "use_ln": False}  # fmt: skip
    return {"model": state, "config": config, "epoch": 49999, "train_loss": 1.2e-7, "test_loss": 3.4e-7}


def make_groks():
    make_grokking("grokking.pt", lambda state: run(state, 1, 12, 3, 20, 10, 5, "ReLU"), n_layers=1, H=3, C=12, D=4, M=20, T=5, V=11)
    make_grokking("grokking_gelu.pt", lambda state: run(state, 2, 8, 2, 32, 6, 4, "GeLU"), act="gelu", n_layers=2, H=2, C=8, D=4, M=32, T=4, V=7)
    make_grokking("grokking_bare.pkl", lambda state: state, n_layers=2, H=2, C=8, D=5, M=14, T=6, V=9)
    make_grokking("grokking_ambiguous.pkl", lambda state: state, n_layers=1, H=1, C=8, D=8, M=8, T=8, V=8)


# --- nanoGPT and minGPT ---


def make_gpt(file, content, state, given, act, n_heads, n_layers, C, T, V):
    store(file, content(state))
    config = lens_config(n_layers=n_layers, n_heads=n_heads, d_model=C, d_head=C // n_heads, d_mlp=4 * C, n_ctx=T, d_vocab=V, act_fn=act,
                         normalization_type="LN")  # fmt: skip
    if file.startswith("nanogpt"):
        saved = state_of(file)
        assert saved["lm_head.weight"].data_ptr() == saved["transformer.wte.weight"].data_ptr()  # one storage
    expect(file, config, given, gpt, lambda state, tokens, config: to_gpt2(state, config)(tokens).logits,
           to_lens=lambda state, config: convert_gpt2_weights(to_gpt2(state, config), HookedTransformerConfig(**config, device="cpu")))  # fmt: skip


def checkpoint(state, model_args, said, prefix=""):
    """As train.py writes it. Its optimizer is here given moments for the last parameters of each group alone, to be small."""
    matrices = [value for name, value in state.items() if value.dim() >= 2 and name != "lm_head.weight"]
    vectors = [value for value in state.values() if value.dim() < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=6e-4, betas=(0.9, 0.95))
    for value in (matrices[-1], vectors[-1]):
        optimizer.state[value] = {"step": torch.tensor(250.0), "exp_avg": 0.01 * value, "exp_avg_sq": 1e-4 * value**2}
    config = {"out_dir": "out", "eval_interval": 250, "log_interval": 10, "eval_iters": 200, "eval_only": False, "always_save_checkpoint": False,
              "init_from": "scratch", "wandb_log": False, "wandb_project": "owt", "wandb_run_name": "gpt2", "dataset": "shakespeare_char",
              "gradient_accumulation_steps": 1, "batch_size": 64, "block_size": 1024, "n_layer": 12, "n_head": 12, "n_embd": 768,
              "dropout": 0.0, "bias": False, "learning_rate": 6e-4, "max_iters": 5000, "weight_decay": 0.1, "beta1": 0.9, "beta2": 0.95,
              "grad_clip": 1.0, "decay_lr": True, "warmup_iters": 100, "lr_decay_iters": 5000, "min_lr": 6e-5, "backend": "nccl",
              "device": "cuda", "dtype": "bfloat16", "compile": True}  # fmt: skip
    return {"model": OrderedDict((prefix + name, value) for name, value in state.items()), "optimizer": optimizer.state_dict(),
            "model_args": model_args, "iter_num": 250, "best_val_loss": torch.tensor(1.4697), "config": config | said}  # fmt: skip


def make_gpts():
    sizes = dict(n_layers=2, C=8, T=6, V=13)
    args = {"n_layer": 2, "n_head": 2, "n_embd": 8, "block_size": 6, "bias": True, "vocab_size": 13, "dropout": 0.2}
    said = {name: args[name] for name in ("n_layer", "n_head", "n_embd", "block_size", "bias", "dropout")}
    make_gpt("nanogpt.pt", lambda state: checkpoint(state, args, said, "_orig_mod."), gpt_state("nanogpt.pt", **sizes), {}, "gelu", 2, **sizes)

    sizes = dict(n_layers=2, C=12, T=5, V=10)
    args = {"n_layer": 2, "n_head": 3, "n_embd": 12, "block_size": 5, "bias": False, "vocab_size": 10, "dropout": 0.0}
    state = gpt_state("nanogpt_nobias.pt", **sizes, bias=False)
    make_gpt("nanogpt_nobias.pt", lambda state: checkpoint(state, args, {"init_from": "resume"}), state, {}, "gelu", 3, **sizes)

    sizes = dict(n_layers=1, C=8, T=7, V=8)
    state = inserted(gpt_state("nanogpt_bare.pt", **sizes), "<c_attn.weight", "bias", triangle(7, 1, 1))
    make_gpt("nanogpt_bare.pt", lambda state: state, state, {"n_heads": 2}, "gelu", 2, **sizes)

    sizes = dict(n_layers=2, C=12, T=6, V=9)
    state = inserted(gpt_state("mingpt.pt", **sizes, tied=False), "<c_attn.weight", "bias", triangle(6, 1, 1))
    make_gpt("mingpt.pt", lambda state: state, state, {"n_heads": 3}, "gelu_new", 3, **sizes)

    sizes = dict(n_layers=2, C=8, T=6, V=11)
    make_gpt("mingpt2020.pt", lambda state: state, mingpt2020_state("mingpt2020.pt", **sizes), {"n_heads": 4}, "gelu", 4, **sizes)


# --- GPT-2 ---


def make_gpt2():
    config = lens_config(n_layers=2, n_heads=3, d_model=12, d_head=4, d_mlp=20, n_ctx=6, d_vocab=11, act_fn="gelu_new", normalization_type="LN")
    model = gpt2_model(config)
    randomise(dict(model.named_parameters()), "gpt2")
    state = model.state_dict()
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        (HERE / "gpt2.safetensors").write_bytes((Path(folder) / "model.safetensors").read_bytes())
    store("gpt2.bin", state)

    hub = OrderedDict((name.removeprefix("transformer."), value) for name, value in state.items() if name != "lm_head.weight")
    masks = inserted(hub, "<c_attn.weight", "bias", triangle(6, 1, 1))
    save_file(masks, HERE / "gpt2_hub.safetensors", metadata={"format": "pt"})
    (HERE / "gpt2_hub.safetensors").chmod(0o644)
    masks = inserted(hub, "<c_attn.weight", "bias", triangle(6, 1, 1).to(torch.uint8))
    masks = inserted(masks, "<c_attn.weight", "masked_bias", torch.tensor(-1e4))
    store("gpt2_hub.bin", masks, _use_new_zipfile_serialization=False)

    def opened(state, config):
        fresh = gpt2_model(config)
        rest = {name.removeprefix("transformer."): value for name, value in state.items()}
        for name, value in fresh.state_dict().items():
            name = name.removeprefix("transformer.")
            if name in rest or name != "lm_head.weight":  # tied: it may be missing
                value.copy_(rest.pop(name))
        assert all(name.endswith((".attn.bias", ".attn.masked_bias")) for name in rest), list(rest)
        return fresh

    for file in ("gpt2.safetensors", "gpt2.bin", "gpt2_hub.safetensors", "gpt2_hub.bin"):
        expect(file, config, {"n_heads": 3}, lambda state, tokens, config: opened(state, config)(tokens).logits,
               lambda state, tokens, config: model(tokens).logits,
               to_lens=lambda state, config: convert_gpt2_weights(opened(state, config), HookedTransformerConfig(**config, device="cpu")))  # fmt: skip


# --- transformer-lens ---


def make_hooked(file, content, given, **fields):
    cfg = HookedTransformerConfig(**fields, device="cpu")
    model = HookedTransformer(cfg)
    randomise(dict(model.named_parameters()), file)
    if file.endswith(".pkl"):
        (HERE / file).write_bytes(pickle.dumps(content(model)))
    else:
        store(file, content(model))
    config = config_of(cfg)
    logits = model(tokens_of(file, config)).detach()
    expect(file, config, given, lambda *_: logits,
           to_lens=lambda state, config: {name: value for name, value in state.items() if not name.endswith(BUFFERS)})  # fmt: skip


def make_hookeds():
    make_hooked("hooked.pt", lambda model: model, {}, n_layers=1, n_heads=2, d_model=8, d_head=3, d_mlp=12, n_ctx=6, d_vocab=10, act_fn="gelu_new",
                normalization_type="LN", eps=1e-4)  # fmt: skip
    rotary = dict(n_heads=2, d_head=6, d_mlp=12, positional_embedding_type="rotary", normalization_type="RMS")
    make_hooked("hooked_rotary.pt", lambda model: model.state_dict(), {"act_fn": "gelu"}, n_layers=2, d_model=8, n_ctx=7, d_vocab=9,
                rotary_dim=4, act_fn="gelu", **rotary)  # fmt: skip
    given = {"rotary_base": 100, "rotary_adjacent_pairs": True}
    make_hooked("hooked_rotary_adjacent.pt", lambda model: model.state_dict(), given, n_layers=1, d_model=10, n_ctx=6, d_vocab=9, act_fn="relu",
                **given, **rotary)  # fmt: skip
    make_hooked("hooked_rmspre_cfg.pkl", lambda model: {"model": model.state_dict(), "cfg": model.cfg}, {}, n_layers=2, n_heads=2, d_model=8, d_head=3,
                d_mlp=12, n_ctx=6, d_vocab=10, d_vocab_out=7, act_fn="silu", normalization_type="RMSPre", attn_scale=1.3)  # fmt: skip


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.manual_seed(0)
    logging.disable(logging.WARNING)
    with torch.no_grad():
        make_groks()
        make_gpts()
        make_gpt2()
        make_hookeds()
    assert sum((HERE / file).stat().st_size for file in expected) < 400_000
    lines = [f'"{file}":{json.dumps(value, separators=(",", ":"))}' for file, value in expected.items()]
    (HERE / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
