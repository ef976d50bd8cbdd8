"""The benchmark's models in plain PyTorch, timed on request: one JSON object a line in, one a line out. bench.mjs starts it.

First it says what it is: {"torch", "threads", "cuda", "variants": [{"id", "name", "device"}]}, or {"error"} where there is no torch.
Then it answers {"variant", "model", "phase": "first" | "trained", "seconds"} with {"steps", "seconds"}.

Everything is done in PyTorch's favour that somebody would do who writes it plainly: all cores, the data made and put on the device in
advance, no clipping, no schedule, the loss never read while the clock runs.

B batch, T positions, D d_model, H heads, E d_head, F d_mlp, V vocabulary.
"""

import json
import math
import os
import sys
import time

try:
    import torch
    from torch import nn
    from torch.nn import functional as F
except ImportError as error:
    print(json.dumps({"error": f"PyTorch can't be imported: {error}"}), flush=True)
    sys.exit()

LISTS = 10_000
WARM_UP = 2
"""Steps of a new model that are not timed: the first ones allocate."""


class Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        d, self.heads, self.d_head = config["d_model"], config["n_heads"], config["d_head"]
        self.qkv = nn.ModuleList([nn.Linear(d, self.heads * self.d_head) for _ in range(3)])
        self.out = nn.Linear(self.heads * self.d_head, d)
        norm = (lambda: nn.LayerNorm(d)) if config["normalization_type"] == "LN" else nn.Identity
        self.ln1 = norm()
        self.mlp = None
        if not config["attn_only"]:
            self.ln2 = norm()
            self.mlp = nn.Sequential(nn.Linear(d, config["d_mlp"]), nn.ReLU(), nn.Linear(config["d_mlp"], d))

    def forward(self, x, mask):  # [B, T, D], [T, T]
        B, T, _ = x.shape
        normed = self.ln1(x)
        q, k, v = (linear(normed).view(B, T, self.heads, self.d_head).transpose(1, 2) for linear in self.qkv)  # [B, H, T, E]
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.d_head) + mask  # [B, H, T, T]
        z = scores.softmax(-1) @ v
        x = x + self.out(z.transpose(1, 2).reshape(B, T, -1))
        return x if self.mlp is None else x + self.mlp(self.ln2(x))


class Transformer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embed = nn.Embedding(config["d_vocab"], config["d_model"])
        self.positions = nn.Parameter(torch.empty(config["n_ctx"], config["d_model"]))
        self.layers = nn.ModuleList([Layer(config) for _ in range(config["n_layers"])])
        self.ln_final = nn.LayerNorm(config["d_model"]) if config["normalization_type"] == "LN" else nn.Identity()
        self.unembed = nn.Linear(config["d_model"], config["d_vocab_out"])
        self.register_buffer("mask", torch.full((config["n_ctx"], config["n_ctx"]), -math.inf).triu(1))
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:  # TransformerLens's initialisation
                nn.init.normal_(parameter, std=0.8 / math.sqrt(config["d_model"]))
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, tokens):  # [B, T] → [B, T, V]
        T = tokens.shape[1]
        x = self.embed(tokens) + self.positions[:T]
        for layer in self.layers:
            x = layer(x, self.mask[:T, :T])
        return self.unembed(self.ln_final(x))


def sequences(experiment, device):
    """Batches `[N, B, T]`: BOS, random numbers, MID, the numbers sorted."""
    task, B = experiment["task"], experiment["train"]["batch_size"]
    N, L = max(1, LISTS // B), task["list_length"]
    generator = torch.Generator().manual_seed(42)
    numbers = torch.randint(task["min_value"], task["max_value"], (N, B, L), generator=generator)
    column = lambda token: torch.full((N, B, 1), token)
    return torch.cat([column(task["bos_token"]), numbers, column(task["mid_token"]), numbers.sort(-1).values], -1).to(device)


class Trainer:
    """A model, its optimiser and its data."""

    def __init__(self, experiment, device, **adam):
        torch.manual_seed(0)
        self.data = sequences(experiment, device)
        self.counted = slice(-1 - experiment["task"]["list_length"], -1)
        self.model = Transformer(experiment["model"]).to(device)
        train = experiment["train"]
        self.adam = torch.optim.Adam(self.model.parameters(), lr=train["lr"], betas=(train["beta1"], train["beta2"]), eps=train["adam_eps"], **adam)
        self.steps = 0

    def step(self):
        self.update(self.data[self.steps % len(self.data)])
        self.steps += 1

    def update(self, tokens):
        logits = self.model(tokens)[:, self.counted]  # where the next token is one of the sorted numbers
        loss = F.cross_entropy(logits.flatten(0, 1), tokens[:, self.counted.start + 1 :].flatten())
        self.adam.zero_grad()
        loss.backward()
        self.adam.step()
        return loss


class GraphTrainer(Trainer):
    """The same step captured once as a CUDA graph, and replayed."""

    def __init__(self, experiment, device):
        super().__init__(experiment, device, fused=True, capturable=True)
        self.tokens = self.data[0].clone()
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):  # gradients and the optimiser's state must be there before a capture
            for _ in range(3):
                self.update(self.tokens)
        torch.cuda.current_stream().wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.update(self.tokens)

    def step(self):
        self.tokens.copy_(self.data[self.steps % len(self.data)])
        self.graph.replay()
        self.steps += 1


VARIANTS = {
    "cpu": ("PyTorch eager, CPU", "cpu", lambda experiment: Trainer(experiment, "cpu")),
    "cpu fused": ("PyTorch eager, CPU, fused Adam", "cpu", lambda experiment: Trainer(experiment, "cpu", fused=True)),
    "cuda": ("PyTorch eager, CUDA", "cuda", lambda experiment: Trainer(experiment, "cuda", fused=True)),
    "cuda graphs": ("PyTorch, CUDA graphs", "cuda", lambda experiment: GraphTrainer(experiment, "cuda")),
}


def run(trainer, steps, device):
    """Seconds that so many steps take."""
    start = time.perf_counter()
    for _ in range(steps):
        trainer.step()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def sample(request, models, first, trained):
    """Steps of new models up to the `first`, or of one that has done these; for about as long as asked."""
    _, device, make = VARIANTS[request["variant"]]
    experiment = models[request["model"]]
    done, seconds, chunk = 0, 0.0, 1
    trainer, id = None, request["model"]
    if request["phase"] == "trained":
        ways = trained.setdefault((device, id), {})
        if request["variant"] not in ways:
            trainer = make(experiment)
            if ways:  # another way has done the first steps on this device: the same weights will do
                trainer.model.load_state_dict(next(iter(ways.values())).model.state_dict())
            else:
                run(trainer, first, device)
            ways[request["variant"]] = trainer
        trainer = ways[request["variant"]]
    while seconds < request["seconds"]:
        if request["phase"] == "first" and (trainer is None or trainer.steps >= first):
            trainer = make(experiment)
            run(trainer, WARM_UP, device)
        steps = min(chunk, first - trainer.steps) if request["phase"] == "first" else chunk
        took = run(trainer, steps, device)
        done, seconds = done + steps, seconds + took
        if took < request["seconds"] / 8:
            chunk *= 2
    return {"steps": done, "seconds": seconds}


def main():
    # Whatever is printed by accident must not get among the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    answer = lambda record: print(json.dumps(record), file=answers, flush=True)
    torch.set_num_threads(os.cpu_count())
    cuda = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    variants = [{"id": id, "name": name, "device": device} for id, (name, device, _) in VARIANTS.items() if device == "cpu" or cuda]
    answer({"torch": torch.__version__, "threads": torch.get_num_threads(), "cuda": cuda, "variants": variants})
    setup = json.loads(sys.stdin.readline())  # {"models": {name: experiment}, "first": steps}
    trained = {}
    for line in sys.stdin:
        answer(sample(json.loads(line), setup["models"], setup["first"], trained))


if __name__ == "__main__":
    main()
