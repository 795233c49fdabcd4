"""Prediction of a run: the calls, tokens and money it will need.

One dialogue of each kind is played by stand-ins that make up answers of the right form and never
conclude. So the calls, their order and their prompts are the engine's own, and only the length of
what a model says is assumed.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import orjson

from negosim._frozen import Frozen
from negosim._loop import run_coroutine
from negosim.config import SAFETY_STOP, RunConfig
from negosim.engine._plan import Job, Plan, resolve
from negosim.models import ChatRequest, ChatResponse, ModelClient, Usage, most_usage
from negosim.records import StageAccount
from negosim.scenarios import Issue, Scenario, Value

TYPICAL_TEXT = 400
"""Characters of a typical utterance or thought: three or four sentences."""
LONGEST_TEXT = 1200
"""Characters of a text where its form sets no bound."""
BYTES_A_TOKEN = 4
"""Of English prose, in the tokenizers of current models."""


class StageForecast(Frozen):
    """What the calls of one stage to one model will need."""

    stage: str
    model: str
    calls: int
    """If every dialogue reaches its cap, and no answer has to be asked for again."""
    tokens_in: int
    """With texts of typical length, all read without a prefix cache."""
    tokens_out: int
    usd: float | None
    """None where the model's price is not known."""
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
    sums: dict[tuple[str, str], list[Any]] = {}
    for kind, dialogues in kinds.items():
        typical = await _rehearse(plan, first[kind], longest=False)
        longest = await _rehearse(plan, first[kind], longest=True)
        for likely, most in zip(typical, longest, strict=True):
            sums.setdefault((likely.stage, likely.model), []).append((dialogues, likely, most))
    return Forecast(
        dialogues=len(plan.jobs),
        max_turns=max(config.cap(scenario) or SAFETY_STOP for scenario in plan.scenarios.values()),
        stages=tuple(_sum(stage, model, parts) for (stage, model), parts in sums.items()),
    )


def _sum(stage: str, model: str, parts: Sequence[tuple[int, StageAccount, StageAccount]]) -> StageForecast:
    def money(accounts: Sequence[tuple[int, StageAccount]]) -> float | None:
        known = [count * row.usd for count, row in accounts if row.usd is not None]
        return sum(known) if len(known) == len(accounts) else None

    return StageForecast(
        stage=stage,
        model=model,
        calls=sum(count * likely.calls for count, likely, _ in parts),
        tokens_in=sum(count * likely.tokens_in for count, likely, _ in parts),
        tokens_out=sum(count * likely.tokens_out for count, likely, _ in parts),
        usd=money([(count, likely) for count, likely, _ in parts]),
        most_tokens_in=sum(count * most.tokens_in for count, _, most in parts),
        most_tokens_out=sum(count * most.tokens_out for count, _, most in parts),
        most_usd=money([(count, most) for count, _, most in parts]),
    )


async def _rehearse(plan: Plan, job: Job, *, longest: bool) -> list[StageAccount]:
    """Let stand-ins play a dialogue; return the account of those that stand for language models.

    They stand for the simulated negotiator too, which might end the dialogue early.
    """
    from negosim.engine._play import RunSetting, play

    names = {*job.models, *([plan.config.judge_model] if plan.config.judge_model else [])}
    clients, scenario, numbers = {}, plan.scenarios[job.scenario], count(1)
    accepts = iter(range(len(scenario.roles) - 1))
    for name in names:
        spec = plan.specs[name]
        model = _StandIn(spec.name, plan, scenario, numbers, accepts, longest)
        clients[name] = ModelClient(model, temperature=spec.temperature, max_tokens=spec.max_tokens)
    dialogue = await play(RunSetting(plan, clients, lambda event: None), job)
    assert dialogue.failure is None, dialogue.failure
    paid = {plan.specs[name].name for name in names if plan.specs[name].chats}
    return [row for row in dialogue.account if row.model in paid]


class _StandIn:
    """A model that answers in the right form, at typical or at greatest length.

    The first offer is accepted by all and then made again and again: with a deal on the table the
    stand-ins are always asked whether they have concluded, which they never have.
    """

    def __init__(
        self,
        name: str,
        plan: Plan,
        scenario: Scenario,
        numbers: Iterator[int],
        accepts: Iterator[int],
        longest: bool,
    ) -> None:
        """`numbers` make texts different; `accepts` has an entry for each time to accept."""
        self.name = name
        self._longest = longest
        self._numbers = numbers
        self._accepts = accepts
        self._offer = {issue.id: _longest_value(issue) for issue in scenario.issues}
        tactics = plan.tactics[scenario.id].tactics
        if longest:
            tactics = tuple(sorted(tactics, key=lambda tactic: -len(tactic.model_dump_json())))
        self._rank = {tactic.id: position for position, tactic in enumerate(tactics)}

    async def complete(self, request: ChatRequest) -> ChatResponse:
        """Answer at once."""
        answer = self._fill(request.schema)
        text = orjson.dumps(answer).decode()
        if self._longest:
            return ChatResponse(text, "stop", most_usage(request))
        prompt = sum(len(message.content.encode()) for message in request.messages)
        size = prompt + len(orjson.dumps(request.schema))
        return ChatResponse(text, "stop", Usage(-(-size // BYTES_A_TOKEN), -(-len(text) // BYTES_A_TOKEN)))

    async def preflight(self) -> None:
        """Nothing to reach."""

    async def close(self) -> None:
        """Nothing to release."""

    def _fill(self, schema: Mapping[str, Any], position: int = 0) -> Any:
        if "anyOf" in schema:
            return self._fill(schema["anyOf"][0])
        if "enum" in schema:
            # What stands beside each other gets different values: that is how K tactics are asked for.
            options = sorted(schema["enum"], key=lambda option: self._rank.get(option, 0))
            return options[position % len(options)]
        if schema.get("type") == "object":
            parts = enumerate(schema["properties"].items())
            filled = {name: self._fill(part, position + number) for number, (name, part) in parts}
            if "move" in filled:
                filled["move"] = self._move(schema["properties"]["move"], position)
            return filled
        if schema.get("type") == "array":
            return [self._fill(schema["items"], position)]
        if schema.get("type") == "null":
            return None
        if schema.get("type") == "string":
            return self._text(schema.get("maxLength", LONGEST_TEXT))
        if schema.get("type") == "boolean":
            return False
        return schema.get("const", schema.get("minimum", 1))

    def _move(self, schema: Mapping[str, Any], position: int) -> dict[str, Any]:
        """Return a move, with whatever else goes with one."""
        plain = schema["anyOf"][0] if self._offer else schema
        fields = plain["properties"]
        besides = {
            name: self._fill(part, position)
            for name, part in fields.items()
            if name not in ("action", "offer")
        }
        if not self._offer:
            return {"action": "talk", "offer": None, **besides}
        return self._deal(fields["action"]) | besides

    def _deal(self, actions: Mapping[str, Any]) -> dict[str, Any]:
        if "accept" in actions.get("enum", ()) and next(self._accepts, None) is not None:
            return {"action": "accept", "offer": None}
        return {"action": "offer", "offer": self._offer}

    def _text(self, longest: int) -> str:
        """Return a text that nobody has said before."""
        length = longest if self._longest else min(TYPICAL_TEXT, longest // 3)
        # It ends as a sentence does: what fills its bound without an end would be asked for again.
        return f"{next(self._numbers)} ".ljust(length - 1, "x")[: longest - 1] + "."


def _longest_value(issue: Issue) -> Value:
    return max(issue.values, key=lambda value: len(issue.label(value)))
