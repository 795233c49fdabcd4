"""Prediction of a run: the calls, tokens and money it will need, from one rehearsed dialogue of each kind."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from negosim._frozen import Frozen
from negosim._loop import run_coroutine
from negosim.config import SAFETY_STOP, RunConfig
from negosim.engine._plan import Plan, resolve
from negosim.engine._rehearsal import rehearse
from negosim.models import Usage, price_of
from negosim.records import Call, Dialogue


class StageForecast(Frozen):
    """What the calls of one stage to one model will need."""

    stage: str
    model: str
    calls: int
    """If every dialogue reaches its cap, and no answer has to be asked for again."""
    tokens_in: int
    """With texts of typical length."""
    tokens_cached: int
    """Those of them that the same model has read before in the dialogue: what a prefix cache can save."""
    tokens_out: int
    usd: float | None
    """Without a prefix cache; None where the model's price is not known."""
    usd_cached: float | None
    """With one that misses nothing."""
    most_tokens_in: int
    """With texts as long as their forms allow, and a token for every byte."""
    most_tokens_out: int
    """With answers as long as `max_tokens` allows."""
    most_usd: float | None


class Forecast(Frozen):
    """What a run will need."""

    dialogues: int
    max_turns: int
    """Utterances a dialogue has at most."""
    stages: tuple[StageForecast, ...]
    """Empty where only the simulated negotiator plays."""
    shares: tuple[float, ...] = ()
    """What a dialogue has needed of its tokens after 1, 2, 3, ... utterances, as a share of all."""

    @property
    def calls(self) -> int:
        """Calls of all stages."""
        return sum(stage.calls for stage in self.stages)


def predict(config: RunConfig) -> Forecast:
    """Predict what a run will need. Nothing is sent or written.

    Within a running event loop, such as a notebook's, await `predict_async`.

    Args:
        config: what would be made.

    Returns:
        Calls, tokens and money: what is likely, and the most it can be.

    Raises:
        UserError: something the configuration or the file of prices names is wrong.

    Examples:
        >>> from negosim import RunConfig
        >>> from negosim.engine import predict
        >>> predict(RunConfig(scenarios="viatex", conditions=["honest", "deceptive-2"])).dialogues
        2

    """
    return run_coroutine(predict_async(config))


async def predict_async(config: RunConfig) -> Forecast:
    """Predict what a run will need, within a running event loop. Nothing is sent or written.

    It is `predict` for callers that have a loop, such as notebooks.

    Args:
        config: what would be made.

    Returns:
        Calls, tokens and money: what is likely, and the most it can be.

    Raises:
        UserError: something the configuration or the file of prices names is wrong.

    Examples:
        >>> import asyncio
        >>> from negosim import RunConfig
        >>> from negosim.engine import predict_async
        >>> asyncio.run(predict_async(RunConfig(scenarios="viatex"))).dialogues
        1

    """
    plan = resolve(config)
    kinds = Counter((job.scenario, job.condition, job.models) for job in plan.jobs)
    first = {(job.scenario, job.condition, job.models): job for job in reversed(plan.jobs)}
    stages: dict[tuple[str, str], list[_Share]] = {}
    by_turn = Counter[int]()
    for kind, dialogues in kinds.items():
        typical = (await rehearse(plan, first[kind], longest=False)).dialogue
        longest = (await rehearse(plan, first[kind], longest=True)).dialogue
        likely, most = _used(plan, typical), _used(plan, longest)
        for key in dict.fromkeys((*likely, *most)):
            part = _Share(dialogues, likely.get(key, _Used()), most.get(key, _Used()))
            stages.setdefault(key, []).append(part)
        for call in _paid(plan, typical):
            by_turn[call.turn or 0] += dialogues * (call.tokens_in + call.tokens_out)
    return Forecast(
        dialogues=len(plan.jobs),
        max_turns=max(config.cap(scenario) or SAFETY_STOP for scenario in plan.scenarios.values()),
        stages=tuple(_sum(stage, model, parts) for (stage, model), parts in stages.items()),
        shares=_shares(by_turn),
    )


@dataclass
class _Used:
    """What the calls of one stage to one model used in a dialogue."""

    calls: int = 0
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0


@dataclass(frozen=True)
class _Share:
    """One kind of dialogue's part in a stage."""

    dialogues: int
    likely: _Used
    most: _Used


def _paid(plan: Plan, dialogue: Dialogue) -> list[Call]:
    """Return the calls to language models; stand-ins have stood for other agents as well."""
    models = {spec.name for spec in plan.specs.values() if spec.chats}
    return [call for call in dialogue.calls if call.model in models]


def _used(plan: Plan, dialogue: Dialogue) -> dict[tuple[str, str], _Used]:
    used: dict[tuple[str, str], _Used] = {}
    for call in _paid(plan, dialogue):
        sums = used.setdefault((call.stage, call.model), _Used())
        sums.calls += call.calls
        sums.tokens_in += call.tokens_in
        sums.tokens_cached += call.tokens_cached
        sums.tokens_out += call.tokens_out
    return used


def _sum(stage: str, model: str, parts: Sequence[_Share]) -> StageForecast:
    price = price_of(model)
    most_in = sum(part.dialogues * part.most.tokens_in for part in parts)
    most_out = sum(part.dialogues * part.most.tokens_out for part in parts)
    tokens_in = sum(part.dialogues * part.likely.tokens_in for part in parts)
    cached = sum(part.dialogues * part.likely.tokens_cached for part in parts)
    tokens_out = sum(part.dialogues * part.likely.tokens_out for part in parts)
    return StageForecast(
        stage=stage,
        model=model,
        calls=sum(part.dialogues * part.likely.calls for part in parts),
        tokens_in=tokens_in,
        tokens_cached=cached,
        tokens_out=tokens_out,
        usd=price.cost(Usage(tokens_in, tokens_out)) if price else None,
        usd_cached=price.cost(Usage(tokens_in, tokens_out, cached)) if price else None,
        most_tokens_in=most_in,
        most_tokens_out=most_out,
        most_usd=price.cost(Usage(most_in, most_out)) if price else None,
    )


def _shares(by_turn: Counter[int]) -> tuple[float, ...]:
    whole, so_far, shares = by_turn.total(), 0, list[float]()
    for turn in range(max(by_turn, default=-1) + 1):
        so_far += by_turn[turn]
        shares.append(round(so_far / whole, 4))
    return tuple(shares)
