"""The generation oracle: greedy generation with and without stop tokens, and what sample_logits makes of logits before it samples.

generation.json: `greedy`, a list of {case, prompts, max_new_tokens, eos_token_id (null, a token or a list), tokens}; `sampling`, the
`logits` [3, V] and `tokens` [3, P] that all `cases` share, and for each its options and the `logits` given to the sampler (null is
-inf) with their `probabilities`, or `argmax` where the temperature is 0.
"""

import json

import torch
from cases import HERE, VERSIONS, build, seed
from transformer_lens.utils import sample_logits

NOTEBOOK, LN = ("notebook", [[4, 9], [3, 0]], 4), ("ln_relu", [[4, 9, 1], [3, 0, 7], [2, 2, 2]], 4)
GREEDY = [  # case, prompts, new tokens, stop token or tokens
    (*NOTEBOOK, None),
    (*NOTEBOOK, 3),  # one row stops and is filled with 3; the 3 in the other's prompt does not count
    (*NOTEBOOK, [8, 3]),  # a row that stops, at either, is filled with the first of them
    (*NOTEBOOK, [1, 9]),  # all rows stop at once: nothing more is generated
    (*LN, None),
    (*LN, 2),
    ("rotary_partial", [[4], [3], [2], [8]], 8, None),  # fills n_ctx and one more: the last token is never read
]
OPTIONS = ("temperature", "top_k", "top_p", "freq_penalty")
SAMPLING = [
    (1.0, None, None, 0.0),
    (0.5, None, None, 0.0),
    (2.0, None, None, 0.0),
    (0.0, None, None, 0.0),
    (0.0, 2, None, 3.0),  # greedy takes no notice of the rest
    (1.0, None, None, 0.7),
    (0.5, None, None, 0.7),
    (1.0, None, None, -0.7),  # as good as 0
    (1.0, 1, None, 0.0),
    (1.0, 3, None, 0.0),
    (1.0, 99, None, 0.0),
    (0.7, 3, None, 1.5),
    (1.0, None, 1e-6, 0.0),
    (1.0, None, 0.5, 0.0),
    (1.0, None, 0.9, 0.0),
    (0.5, None, 0.8, 0.0),
    (2.0, None, 0.8, 1.5),
    (1.0, 2, 0.99, 0.0),  # top_k wins
    (3.0, 4, 0.1, 0.4),
]


def greedy(case, prompts, count, stop):
    """Without the key cache: with it, and without a tokenizer, TransformerLens 3.9 adds the wrong positions from the second token on."""
    tokens = build(case).generate(torch.tensor(prompts), max_new_tokens=count, do_sample=False, stop_at_eos=stop is not None,
                                  eos_token_id=stop, use_past_kv_cache=False, verbose=False)  # fmt: skip
    return {"case": case, "prompts": prompts, "max_new_tokens": count, "eos_token_id": stop, "tokens": tokens.tolist()}


class Recorder:
    """Stands in for torch's Categorical: keeps the logits it is given, and samples token 0."""

    logits: torch.Tensor

    def __init__(self, logits):
        Recorder.logits = logits

    def sample(self):
        return torch.zeros(len(self.logits), dtype=torch.long)


def sampled(logits, tokens, options):
    token = sample_logits(logits.clone(), tokens=tokens, **options)
    if options["temperature"] == 0.0:
        return options | {"argmax": token.tolist()}
    finite = [[None if x == -torch.inf else x for x in row] for row in Recorder.logits.tolist()]
    return options | {"logits": finite, "probabilities": Recorder.logits.softmax(-1).tolist()}


def write_generation():
    generator = torch.Generator().manual_seed(seed("sampling"))
    logits = 1.5 * torch.randn(3, 8, generator=generator)
    logits[1, logits[1].argmin()] = logits[1].topk(3).values[-1]  # a tie for the third place: top_k 3 keeps four
    tokens = torch.randint(8, (3, 6), generator=generator)
    torch.distributions.categorical.Categorical = Recorder
    cases = [sampled(logits, tokens, dict(zip(OPTIONS, row))) for row in SAMPLING]
    lines = {"greedy": [greedy(*row) for row in GREEDY], "cases": cases}
    lines = {k: ",\n".join(map(json.dumps, v)) for k, v in lines.items()}
    text = f"""{{"versions": {json.dumps(VERSIONS)},
"greedy": [
{lines["greedy"]}],
"sampling": {{"logits": {json.dumps(logits.tolist())},
"tokens": {json.dumps(tokens.tolist())},
"cases": [
{lines["cases"]}]}}}}
"""
    json.loads(text)
    (HERE / "generation.json").write_text(text)
    print(f"generation: {len(GREEDY)} greedy, {len(SAMPLING)} sampled")
