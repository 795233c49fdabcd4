"""Decoding a policy: the language model's likeliest tokens, shifted by what they are worth.

log pi(a|s) = log pi_b(a|s) + beta * (tQ(s,a) - V(s)) + constant, over the k likeliest tokens of pi_b
(Snell et al. 2022). V is the same for all tokens of a state and cancels, so it is never computed; target
heads are applied to the last position and the k candidates only.
"""

import inspect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from negosim.rl.training.decoding import Sampling
from negosim.rl.training.model import ValueHead

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def guided(
    logits: Tensor,
    state: Tensor,
    heads: Sequence[ValueHead],
    advantage: float,
    top_k: int,
    min_p: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """Return the k likeliest tokens and their scores after the shift, each [B, k].

    `logits` is [B, V], of the language model; `state` the last hidden states, [B, d].
    """
    scores, tokens = logits.float().topk(min(top_k, logits.shape[1]), dim=1)
    scores = scores - logits.float().logsumexp(1, keepdim=True)
    if min_p:
        scores = scores.masked_fill(scores < scores[:, :1] + math.log(min_p), -torch.inf)
    if heads and advantage:
        worth = torch.stack([head.of(state.float(), tokens) for head in heads]).amin(0)
        # A token the language model may not say stays impossible, whatever it would be worth.
        scores = scores + advantage * worth
    return tokens, scores


@dataclass
class _Decoding:
    """One dialogue being decoded."""

    number: int
    room: int
    draw: torch.Generator
    tokens: list[int]


@torch.inference_mode()
def decode(
    lm: "PreTrainedModel",
    heads: Sequence[ValueHead],
    prompts: Sequence[list[int]],
    *,
    sampling: Sampling,
    seeds: Sequence[int],
    rooms: Sequence[int],
    stop: int,
    banned: Tensor,
    say_something: bool = True,
) -> list[list[int]]:
    """Return what follows each prompt, up to and with `stop`, or as many tokens as its room has.

    What a row says depends on its prompt and seed, not on the rows beside it (but for rounding).
    `banned` is True for tokens never said, [V]; with `say_something`, `stop` is never said first.
    """
    if not prompts:
        return []
    device = banned.device
    rows = [
        _Decoding(number, min(sampling.max_tokens, room), torch.Generator().manual_seed(seed), [])
        for number, (seed, room) in enumerate(zip(seeds, rooms, strict=True))
    ]
    found: list[list[int]] = [row.tokens for row in rows]
    longest = max(map(len, prompts))
    ids = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts], device=device)
    mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts], device=device)
    output, cache = lm.get_output_embeddings(), None
    accepted = inspect.signature(lm.base_model.forward).parameters
    kept = "cache" if "cache" in accepted else "past_key_values"  # renamed in transformers 5
    while rows:
        place = (mask.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        result = lm.base_model(
            input_ids=ids,
            attention_mask=mask,
            use_cache=True,
            **{kept: cache},
            **({"position_ids": place} if "position_ids" in accepted else {}),
        )
        cache, state = getattr(result, kept), result.last_hidden_state[:, -1]
        logits = output(state).float().masked_fill(banned, -torch.inf)
        if say_something and not rows[0].tokens:
            logits[:, stop] = -torch.inf
        assert sampling.advantage is not None
        tokens, scores = guided(logits, state, heads, sampling.advantage, sampling.top_k, sampling.min_p)
        chosen = tokens.gather(1, _draw(scores, sampling.temperature, rows)[:, None])
        for row, token in zip(rows, chosen.squeeze(1).tolist(), strict=True):
            row.tokens.append(token)
        going = [n for n, row in enumerate(rows) if row.tokens[-1] != stop and len(row.tokens) < row.room]
        ids, mask = chosen, torch.cat([mask, torch.ones_like(chosen)], dim=1)
        if len(going) < len(rows):
            rows = [rows[n] for n in going]
            keep = torch.tensor(going, device=device, dtype=torch.long)
            ids, mask = ids[keep], mask[keep]
            if rows:
                cache.batch_select_indices(keep)
    return found


def _draw(scores: Tensor, temperature: float, rows: Sequence[_Decoding]) -> Tensor:
    """Return the place of the candidate each row takes, [B]: a sample of the softmax (Gumbel trick)."""
    if temperature == 0:
        return scores.argmax(1)
    uniform = torch.stack([torch.rand(scores.shape[1], generator=row.draw) for row in rows])
    gumbel = -(-uniform.clamp(1e-20, 1 - 1e-7).log()).log()
    return (scores / temperature + gumbel.to(scores.device)).argmax(1)
