"""Writes checkpoints of toy models in two more layouts beside this file, and expected_toys.json with what comes out of them.

    python -m venv venv && venv/bin/pip install transformer-lens==4.3.0 && venv/bin/python make_toys.py

(Python 3.11, torch 2.15.0; 10 seconds on a CPU. make.py needs transformer-lens 3, and cannot share the environment.) Every parameter is
random, also norms and biases, from fixed seeds.

  native*      transformer-lens 4's own models. `native` is the state dict of the model itself; `native_cfg` a pickle of the state dict that
               the bridge around such a model gives, with the bridge's configuration, which says two things that the model does not heed;
               `native_bridged` the state dict of the model inside the bridge, where most tensors stand twice.
  per_head     each head a module with three linear layers, as in rakaar/april-2026-max-of-list-mech-interp, but with biases and two layers.

expected_toys.json: as expected.json.
"""

import json
import pickle
import warnings
import zlib
from pathlib import Path

import torch
import torch.nn as nn

warnings.filterwarnings("ignore")
from transformer_lens.config import TransformerBridgeConfig
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.model_bridge.sources.native import NativeModel

HERE = Path(__file__).parent
FIELDS = "n_layers n_heads d_model d_head n_ctx d_vocab d_vocab_out attn_only normalization_type eps positional_embedding_type".split()
expected = {}


def generator(name):
    return torch.Generator().manual_seed(zlib.crc32(name.encode()))


@torch.no_grad()
def randomise(model, seed):
    source = generator(seed)
    for name, tensor in model.named_parameters():
        noise = torch.randn(tensor.shape, generator=source)
        norm = "ln" in name and name.endswith("weight")
        tensor.copy_(1 + 0.3 * noise if norm else 0.35 * noise)


@torch.no_grad()
def expect(file, model, config, given):
    tokens = torch.randint(config["d_vocab"], (2, config["n_ctx"]), generator=generator(f"{file} tokens"))
    logits = model(tokens)
    assert not logits.isnan().any()
    numbers = [[[float(f"{x:.9g}") for x in row] for row in rows] for rows in logits.tolist()]  # nine digits are a float32
    expected[file] = {"tokens": tokens.tolist(), "logits": numbers, "config": config, "given": given}
    print(f"{file}: {(HERE / file).stat().st_size} bytes, logits to {logits.abs().max():.1f}")


def make_native(file, content, given, said={}, **fields):
    """`said`: what the configuration of TransformerLens has besides, and the model does not heed."""
    cfg = TransformerBridgeConfig(**fields, **said)
    bridge = TransformerBridge.boot_native(cfg)
    model = NativeModel(TransformerBridgeConfig(**fields, **said))
    randomise(model, file)
    bridge.load_state_dict(model.state_dict(), strict=False)
    if file.endswith(".pkl"):
        (HERE / file).write_bytes(pickle.dumps(content(model, bridge)))
    else:
        torch.save(content(model, bridge), HERE / file)
    config = {name: getattr(cfg, name) for name in FIELDS}
    if not cfg.attn_only:
        config |= {"d_mlp": cfg.d_mlp, "act_fn": cfg.act_fn}
    if cfg.positional_embedding_type == "rotary":
        config |= {"rotary_dim": cfg.rotary_dim, "rotary_base": cfg.rotary_base, "rotary_adjacent_pairs": True}
    config |= {"use_attn_scale": True}
    tokens = torch.arange(cfg.n_ctx)[None] % cfg.d_vocab
    assert torch.allclose(model(tokens), bridge(tokens), atol=1e-5)
    expect(file, model, config, given)


class Head(nn.Module):
    def __init__(self, d_model, d_head):
        super().__init__()
        self.W_Q, self.W_K, self.W_V = (nn.Linear(d_model, d_head) for _ in range(3))

    def forward(self, x):
        q, k, v = self.W_Q(x), self.W_K(x), self.W_V(x)
        future = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        scores = (q @ k.mT / k.shape[-1] ** 0.5).masked_fill(future, -torch.inf)
        return scores.softmax(-1) @ v


class Layer(nn.Module):
    def __init__(self, n_heads, d_model, d_head):
        super().__init__()
        self.heads = nn.ModuleList(Head(d_model, d_head) for _ in range(n_heads))
        self.W_O = nn.Linear(n_heads * d_head, d_model)

    def forward(self, x):
        return x + self.W_O(torch.cat([head(x) for head in self.heads], -1))


class PerHead(nn.Module):
    def __init__(self, n_layers, n_heads, d_model, d_head, n_ctx, d_vocab):
        super().__init__()
        self.tok_embed, self.pos_embed = nn.Embedding(d_vocab, d_model), nn.Embedding(n_ctx, d_model)
        self.layers = nn.ModuleList(Layer(n_heads, d_model, d_head) for _ in range(n_layers))
        self.unembed = nn.Linear(d_model, d_vocab)

    def forward(self, tokens):
        x = self.tok_embed(tokens) + self.pos_embed.weight[: tokens.shape[1]]
        for layer in self.layers:
            x = layer(x)
        return self.unembed(x)


if __name__ == "__main__":
    torch.set_num_threads(1)
    sizes = dict(n_heads=2, d_model=8, n_ctx=6, d_vocab=10)
    make_native("native.pt", lambda model, _: model.state_dict(), {"n_heads": 2}, n_layers=2, d_head=3, d_mlp=12, d_vocab_out=7, act_fn="solu_ln",
                normalization_type="LN", **sizes)  # fmt: skip
    make_native("native_cfg.pkl", lambda _, bridge: {"model": bridge.state_dict(), "cfg": bridge.cfg}, {},
                {"use_attn_scale": False, "rotary_adjacent_pairs": False}, n_layers=1, d_head=6, d_mlp=12, d_vocab_out=10, act_fn="silu",
                normalization_type="RMS", positional_embedding_type="rotary", rotary_dim=4, rotary_base=100, eps=1e-4, **sizes)  # fmt: skip
    make_native("native_bridged.pt", lambda _, bridge: bridge.original_model.state_dict(), {"d_head": 3}, n_layers=1, d_head=3, d_vocab_out=10,
                attn_only=True, normalization_type=None, **sizes)  # fmt: skip

    sizes = dict(n_layers=2, n_heads=3, d_model=8, d_head=3, n_ctx=6, d_vocab=9)
    model = PerHead(**sizes)
    randomise(model, "per_head.pt")
    torch.save(model.state_dict(), HERE / "per_head.pt")
    rest = {"d_vocab_out": 9, "attn_only": True, "normalization_type": None, "positional_embedding_type": "standard"}
    expect("per_head.pt", model, sizes | rest, {})
    lines = [f'"{file}":{json.dumps(value, separators=(",", ":"))}' for file, value in expected.items()]
    (HERE / "expected_toys.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
