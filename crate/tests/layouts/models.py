"""The models of make.py: random state dicts in each layout, what they compute in that layout's own terms, and the same weights as
transformers' GPT-2 and as TransformerLens have them, to check that.

Written anew from the facts of each layout (names, shapes, which axis is read). A `config` is a dict of TransformerLens's fields.
Shapes: B batch, P position, C d_model, H heads, D d_head, M d_mlp, V vocabulary, T n_ctx.
"""

import re
import zlib
from collections import OrderedDict

import torch
import torch.nn.functional as F
from einops import rearrange
from transformers import GPT2Config, GPT2LMHeadModel

ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu, "gelu_new": lambda x: F.gelu(x, approximate="tanh"), "silu": F.silu}

# --- Random parameters ---


def generator(name):
    return torch.Generator().manual_seed(zlib.crc32(name.encode()))


@torch.no_grad()
def randomise(tensors, seed):
    """Every parameter random: with zero biases and unit norms half of the mistakes would not show."""
    source = generator(seed)
    for name, tensor in tensors.items():
        noise = torch.randn(tensor.shape, generator=source)
        if tensor.dim() > 1:
            tensor.copy_(0.35 * noise)
        else:  # norms' weights, and biases
            tensor.copy_(1 + 0.3 * noise if name.endswith((".weight", ".w")) else 0.3 * noise)


def draw(shapes, seed):
    state = OrderedDict((name, torch.empty(shape)) for name, shape in shapes.items())
    randomise(state, seed)
    return state


def triangle(n_ctx, *axes):
    return torch.ones(n_ctx, n_ctx).tril().view(*axes, n_ctx, n_ctx)


def inserted(state, after, name, tensor):
    """With another tensor, after every one whose name ends in `after`, or before every one with "<"."""
    out = OrderedDict()
    for key, value in state.items():
        buffer = {key.removesuffix(after.lstrip("<")) + name: tensor.clone()} if key.endswith(after.lstrip("<")) else {}
        out |= buffer | {key: value} if after.startswith("<") else {key: value} | buffer
    return out


# --- The layouts ---


def causal(scores):
    P = scores.shape[-1]
    return scores.masked_fill(~torch.ones(P, P, dtype=bool).tril(), -torch.inf).softmax(-1)


def grokking_state(seed, n_layers, H, C, D, M, T, V):
    shapes = {"embed.W_E": (C, V), "pos_embed.W_pos": (T, C)}
    for i in range(n_layers):
        shapes |= {f"blocks.{i}.attn.{name}": (H, D, C) for name in ("W_K", "W_Q", "W_V")} | {f"blocks.{i}.attn.W_O": (C, H * D)}
        shapes |= {f"blocks.{i}.mlp.{name}": shape for name, shape in dict(W_in=(M, C), b_in=(M,), W_out=(C, M), b_out=(C,)).items()}
    # Buffers come after the parameters of their module.
    return inserted(draw(shapes | {"unembed.W_U": (C, V)}, seed), "W_O", "mask", triangle(T))


def grokking(state, tokens, config):
    x = state["embed.W_E"].T[tokens] + state["pos_embed.W_pos"][: tokens.shape[1]]
    for i in range(config["n_layers"]):
        p = {name.removeprefix(f"blocks.{i}."): value for name, value in state.items()}
        q, k, v = (torch.einsum("hdc,bpc->bhpd", p[f"attn.W_{letter}"], x) for letter in "QKV")
        z = causal(q @ k.mT / config["d_head"] ** 0.5) @ v
        x = x + rearrange(z, "b h p d -> b p (h d)") @ p["attn.W_O"].T
        x = x + ACTIVATIONS[config["act_fn"]](x @ p["mlp.W_in"].T + p["mlp.b_in"]) @ p["mlp.W_out"].T + p["mlp.b_out"]
    return x @ state["unembed.W_U"]


def grokking_to_lens(state, config):
    turned = {}
    for name, value in state.items():
        match name.split(".")[-1]:
            case "W_E" | "W_in" | "W_out":
                value = value.T
            case "W_Q" | "W_K" | "W_V":
                value = rearrange(value, "h d c -> h c d")
            case "W_O":
                value = rearrange(value, "c (h d) -> h d c", h=config["n_heads"])
            case "mask":
                continue
        turned[name] = value
    return turned


def gpt_state(seed, n_layers, C, T, V, bias=True, tied=True):
    """nanoGPT, and minGPT of 2022."""
    linear = {"attn.c_attn": (3 * C, C), "attn.c_proj": (C, C), "mlp.c_fc": (4 * C, C), "mlp.c_proj": (C, 4 * C)}
    shapes = {"transformer.wte.weight": (V, C), "transformer.wpe.weight": (T, C)}
    modules = {f"transformer.h.{i}.{m}": s for i in range(n_layers) for m, s in ({"ln_1": (C,)} | linear | {"ln_2": (C,)}).items()}
    modules = dict(sorted(modules.items(), key=lambda m: (m[0].split(".")[2], ["ln_1", "attn", "ln_2", "mlp"].index(m[0].split(".")[3]))))
    for name, shape in (modules | {"transformer.ln_f": (C,)}).items():
        shapes |= {f"{name}.weight": shape} | ({f"{name}.bias": shape[:1]} if bias else {})
    state = draw(shapes | ({} if tied else {"lm_head.weight": (V, C)}), seed)
    return state | ({"lm_head.weight": state["transformer.wte.weight"]} if tied else {})


def mingpt2020_state(seed, n_layers, C, T, V):
    shapes = {"pos_emb": (1, T, C), "tok_emb.weight": (V, C)}
    modules = {"ln1": (C,), "ln2": (C,), "attn.key": (C, C), "attn.query": (C, C), "attn.value": (C, C), "attn.proj": (C, C)}
    modules |= {"mlp.0": (4 * C, C), "mlp.2": (C, 4 * C)}
    for name, shape in ({f"blocks.{i}.{m}": s for i in range(n_layers) for m, s in modules.items()} | {"ln_f": (C,)}).items():
        shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    return inserted(draw(shapes | {"head.weight": (V, C)}, seed), "<key.weight", "mask", triangle(T, 1, 1))


def gpt(state, tokens, config):
    """nanoGPT and minGPT, of both years."""

    def norm(x, name):
        return F.layer_norm(x, x.shape[-1:], state[f"{name}.weight"], state.get(f"{name}.bias"), 1e-5)

    def linear(x, name):
        return F.linear(x, state[f"{name}.weight"], state.get(f"{name}.bias"))

    old = "pos_emb" in state
    if old:
        x = state["tok_emb.weight"][tokens] + state["pos_emb"][:, : tokens.shape[1]]
    else:
        x = state["transformer.wte.weight"][tokens] + state["transformer.wpe.weight"][: tokens.shape[1]]
    for i in range(config["n_layers"]):
        block = f"blocks.{i}." if old else f"transformer.h.{i}."
        ln1, ln2, proj, up, down = ("ln1", "ln2", "proj", "0", "2") if old else ("ln_1", "ln_2", "c_proj", "c_fc", "c_proj")
        y = norm(x, block + ln1)
        if old:
            qkv = [linear(y, f"{block}attn.{part}") for part in ("query", "key", "value")]
        else:
            qkv = linear(y, f"{block}attn.c_attn").chunk(3, -1)
        q, k, v = (rearrange(part, "b p (h d) -> b h p d", h=config["n_heads"]) for part in qkv)
        z = causal(q @ k.mT / config["d_head"] ** 0.5) @ v
        x = x + linear(rearrange(z, "b h p d -> b p (h d)"), f"{block}attn.{proj}")
        x = x + linear(ACTIVATIONS[config["act_fn"]](linear(norm(x, block + ln2), f"{block}mlp.{up}")), f"{block}mlp.{down}")
    return linear(norm(x, "ln_f" if old else "transformer.ln_f"), "head" if old else "lm_head")


def gpt2_model(config, **options):
    names = dict(n_layer="n_layers", n_head="n_heads", n_embd="d_model", n_inner="d_mlp", n_positions="n_ctx", vocab_size="d_vocab")
    options |= {theirs: config[ours] for theirs, ours in names.items()} | {"activation_function": config["act_fn"]}
    return GPT2LMHeadModel(GPT2Config(**options, bos_token_id=0, eos_token_id=0, attn_implementation="eager")).eval()


def to_gpt2(state, config):
    """nanoGPT's and minGPT's weights in transformers' model. What they have no bias for has a bias of zero there."""
    state = {name: value for name, value in state.items() if not name.endswith((".attn.bias", ".attn.mask"))}
    if "pos_emb" in state:
        for i in range(config["n_layers"]):
            for kind in ("weight", "bias"):
                parts = [state.pop(f"blocks.{i}.attn.{part}.{kind}") for part in ("query", "key", "value")]
                state[f"blocks.{i}.attn.c_attn.{kind}"] = torch.cat(parts)
        state["pos_emb"] = state["pos_emb"][0]
        for ours, theirs in {r"pos_emb$": "transformer.wpe.weight", r"tok_emb": "transformer.wte", r"^head": "lm_head", r"^ln_f": "transformer.ln_f",
                             r"^blocks": "transformer.h", r"\.ln(\d)": r".ln_\1", r"attn\.proj": "attn.c_proj", r"mlp\.0": "mlp.c_fc",
                             r"mlp\.2": "mlp.c_proj"}.items():  # fmt: skip
            state = {re.sub(ours, theirs, name): value for name, value in state.items()}
    model = gpt2_model(config, tie_word_embeddings=torch.equal(state["lm_head.weight"], state["transformer.wte.weight"]))
    for name, value in model.state_dict().items():
        if name in state:
            value.copy_(state[name].T if re.search(r"c_\w+\.weight$", name) else state[name])
            del state[name]
        else:
            assert name.endswith(".bias")
            value.zero_()
    assert not state
    return model
