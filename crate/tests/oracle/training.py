"""The training oracle: PyTorch's Adam on the sorter's loss, from TransformerLens's own initial weights.

A sequence is BOS l1 … lL MID sorted(l), and the loss is the mean cross entropy of the sorted half.
"""

import torch
import torch.nn.functional as F
from cases import config_of, parameters, seed, write
from transformer_lens import HookedTransformer, HookedTransformerConfig

L, BOS, MID = 3, 11, 12
STEPS, BATCH = 50, 8
MODELS = {
    "notebook": dict(n_layers=1, n_heads=1, d_head=16, attn_only=True, normalization_type=None),
    "ln_mlp": dict(n_layers=2, n_heads=2, d_head=8, d_mlp=24, act_fn="gelu", normalization_type="LN"),
}


def build(name, dtype):
    sizes = dict(d_model=16, n_ctx=2 * L + 2, d_vocab=MID + 1)
    return HookedTransformer(HookedTransformerConfig(**MODELS[name], **sizes, seed=7, device="cpu", dtype=dtype))


def train(model, tokens):
    """The losses [STEPS] of one Adam step a batch. tokens: [STEPS, BATCH, 2 L + 2]."""
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    for batch in tokens:
        loss = F.cross_entropy(model(batch)[:, L + 1 : -1].reshape(-1, MID + 1), batch[:, L + 2 :].reshape(-1))
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.detach())
    return torch.stack(losses)


def write_training():
    lists = torch.randint(BOS, (STEPS, BATCH, L), generator=torch.Generator().manual_seed(seed("training")))
    column = torch.ones(STEPS, BATCH, 1, dtype=torch.long)
    tokens = torch.cat([BOS * column, lists, MID * column, lists.sort(-1).values], -1)
    tensors, configs = {"tokens": tokens}, {}
    for name in MODELS:
        model, double = build(name, torch.float32), build(name, torch.float64)
        double.load_state_dict(model.state_dict())
        tensors |= {f"{name}.initial.{k}": v.clone() for k, v in parameters(model).items()}
        losses, exact = train(model, tokens), train(double, tokens)
        tensors |= {f"{name}.losses": losses} | {f"{name}.final.{k}": v for k, v in parameters(model).items()}
        configs[name] = config_of(model)
        # b_K moves every score of a query alike, so its gradient is noise, which Adam amplifies: its final value means nothing.
        drift = {k: (v - parameters(double)[k]).abs().max().item() for k, v in parameters(model).items()}
        key, rest = (max(v for k, v in drift.items() if k.endswith("b_K") == is_key) for is_key in (True, False))
        print(f"training {name}: loss {losses[0]:.4f} to {losses[-1]:.4f}, noise {(losses - exact).abs().max():.1e}; "
              f"in b_K {key:.1e}, in the other parameters {rest:.1e}")  # fmt: skip
    write("training", tensors, {"configs": configs, "adam": {"lr": 1e-3, "betas": [0.9, 0.999], "eps": 1e-8}})
