"""The models of the fixtures: a table of configurations, their random weights and inputs, and how a fixture is written.

Shapes, here and in the other scripts: B batch, P position, V vocabulary, H heads.
"""

import json
import warnings
import zlib
from functools import partial
from importlib.metadata import version
from pathlib import Path

import torch
from safetensors.torch import save

warnings.filterwarnings("ignore")  # HookedTransformer announces its own deprecation
from transformer_lens import HookedTransformer, HookedTransformerConfig

HERE = Path(__file__).parent
B, P = 2, 6
VERSIONS = {p: version(p) for p in ("transformer-lens", "torch", "numpy", "safetensors")}
BUFFERS = ("mask", "IGNORE", "rotary_sin", "rotary_cos")  # in the state dict, but no parameters

# d_mlp and d_vocab_out differ from d_model everywhere: where one equals it, TransformerLens 3.9 folds norms along the wrong axis.
BASE = dict(n_layers=1, n_heads=2, d_model=8, d_head=3, d_mlp=12, n_ctx=6, d_vocab=10, act_fn="relu", normalization_type=None)
ROTARY = dict(positional_embedding_type="rotary", d_head=4)
SHORTFORMER = dict(positional_embedding_type="shortformer")
BIDIRECTIONAL = dict(attention_dir="bidirectional")
RIGHT, LEFT = [[1, 1, 1, 1, 1, 0], [1, 1, 1, 0, 0, 0]], [[0, 1, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1]]

# What differs from BASE, and up to four things that are no configuration: `mask`, the attention_mask given to forward; `additive`;
# `zero`, which leaves every bias zero; `std`, that of the weights.
CASES = {
    "notebook": dict(n_heads=1, d_head=8, attn_only=True, d_vocab=13),
    "attn_only_ln": dict(n_layers=3, attn_only=True, normalization_type="LN"),
    "attn_only_d_vocab_out": dict(n_layers=2, n_heads=1, d_head=5, attn_only=True, d_vocab_out=7, n_ctx=8),
    "ln_relu": dict(n_layers=2, normalization_type="LN"),
    "lnpre_gelu": dict(n_heads=3, normalization_type="LNPre", act_fn="gelu", eps=1e-3),
    "rms_gelu_new": dict(normalization_type="RMS", act_fn="gelu_new", n_ctx=7),
    "rmspre_silu": dict(n_heads=1, normalization_type="RMSPre", act_fn="silu"),
    "none_gelu": dict(n_layers=2, n_heads=3, d_head=2, act_fn="gelu", std=0.3),
    "ln_solu_ln": dict(normalization_type="LN", act_fn="solu_ln", eps=1e-3),
    "lnpre_solu_ln": dict(normalization_type="LNPre", act_fn="solu_ln"),
    "rms_solu_ln": dict(normalization_type="RMS", act_fn="solu_ln"),
    "none_solu_ln": dict(act_fn="solu_ln", d_vocab_out=5),
    "shortformer_none": SHORTFORMER | dict(n_layers=2, attn_only=True),
    "shortformer_ln": SHORTFORMER | dict(n_layers=2, normalization_type="LN", act_fn="silu", n_ctx=8),
    "rotary_rms": ROTARY | dict(n_layers=2, normalization_type="RMS", act_fn="gelu_new", std=0.4),
    "rotary_partial": ROTARY | dict(d_head=6, rotary_dim=4, normalization_type="LN", n_ctx=8),
    "rotary_adjacent": ROTARY | dict(rotary_adjacent_pairs=True, rotary_base=100, attn_only=True),
    "rotary_bidirectional": ROTARY | BIDIRECTIONAL | dict(n_heads=3, rotary_base=500, normalization_type="RMSPre", act_fn="gelu"),
    "bidirectional_ln": BIDIRECTIONAL | dict(normalization_type="LN", act_fn="gelu_new"),
    "no_attn_scale": dict(use_attn_scale=False, attn_only=True),
    "attn_scale": dict(attn_scale=0.7, normalization_type="LNPre", act_fn="silu"),
    "zero_biases": dict(normalization_type="LN", act_fn="gelu_new", zero=True),
    "right_padding": dict(normalization_type="LN", mask=RIGHT),
    "left_padding": dict(n_layers=2, normalization_type="RMS", act_fn="gelu", mask=LEFT),
    "left_padding_rotary": ROTARY | dict(rotary_dim=2, mask=LEFT),
    "left_padding_shortformer": SHORTFORMER | dict(attn_only=True, mask=LEFT),
    # HookedTransformer's bidirectional attention looks at padding all the same: the mask only moves the positions …
    "bidirectional_padding": BIDIRECTIONAL | dict(normalization_type="LN", mask=RIGHT),
    # … so here each attention layer also gets the additive mask that HookedEncoder gives it: -inf on padded keys.
    "bidirectional_padding_additive": BIDIRECTIONAL | dict(normalization_type="LN", mask=RIGHT, additive=True),
}
NOT_CONFIG = ("mask", "additive", "zero", "std")
FIELDS = """n_layers n_heads d_model d_head d_mlp n_ctx d_vocab d_vocab_out attn_only act_fn normalization_type eps
    positional_embedding_type rotary_dim rotary_base rotary_adjacent_pairs attention_dir use_attn_scale attn_scale init_mode""".split()


def seed(name):
    return zlib.crc32(name.encode())


def build(name, dtype=torch.float32):
    """The model of a case, every parameter random: with zero biases and unit norms half of the mistakes would not show."""
    case = CASES[name]
    config = BASE | {k: v for k, v in case.items() if k not in NOT_CONFIG}
    model = HookedTransformer(HookedTransformerConfig(**config, device="cpu", dtype=dtype))
    generator = torch.Generator().manual_seed(seed(name))
    with torch.no_grad():
        for key, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=generator)
            if "W_" in key:
                p.copy_(case.get("std", 0.5) * noise)
            elif key.endswith(".w"):
                p.copy_(1 + 0.3 * noise)
            else:
                p.copy_(0.0 * noise if case.get("zero") else 0.3 * noise)
    if case.get("additive"):
        mask = torch.where(torch.tensor(case["mask"])[:, None, None, :] == 1, 0.0, -torch.inf)
        for block in model.blocks:
            block.attn.forward = partial(block.attn.forward, additive_attention_mask=mask)
    return model


def inputs(name):
    """Tokens [B, P], targets [B, P - 1], and forward's keywords."""
    generator = torch.Generator().manual_seed(seed(name) + 1)
    case = BASE | CASES[name]
    tokens = torch.randint(case["d_vocab"], (B, P), generator=generator)
    targets = torch.randint(case.get("d_vocab_out", case["d_vocab"]), (B, P - 1), generator=generator)
    return tokens, targets, {"attention_mask": torch.tensor(case["mask"])} if "mask" in case else {}


def parameters(model):
    return {k: v for k, v in model.state_dict().items() if not k.endswith(BUFFERS)}


def config_of(model):
    """The fields of the configuration that the crate knows, floats as Python's (attn_scale is numpy's)."""
    fields = {k: getattr(model.cfg, k) for k in FIELDS}
    return {k: float(v) if isinstance(v, float) else v for k, v in fields.items()}


def write(name, tensors, metadata):
    """A safetensors file; metadata that is no string becomes JSON. The header is put together here, because `save` writes the metadata
    in another order each time."""
    assert not any(v.isnan().any() for v in tensors.values())
    metadata = {k: v if isinstance(v, str) else json.dumps(v) for k, v in (metadata | {"versions": VERSIONS}).items()}
    file = save({k: v.detach().contiguous().clone() for k, v in tensors.items()})  # cloned: some hooks' tensors share storage
    end = 8 + int.from_bytes(file[:8], "little")
    header = json.dumps({"__metadata__": metadata} | json.loads(file[8:end]), separators=(",", ":"))
    header += " " * (-len(header) % 8)
    (HERE / f"{name}.safetensors").write_bytes(len(header).to_bytes(8, "little") + header.encode() + file[end:])
