"""How near `--dry-run` comes to the account: calls, tokens and cost of a scripted model's dialogues.

    pip install bpe-openai
    python benchmarks/dry_run.py [--planners direct,rollout,...] [--turns 16] [--talks 0.75]

The scripted model says and thinks sentences of a negotiator's (three to five in an utterance, one or two in a
reason), makes an offer in one of four turns, as small models do, and says no to every vote, so that dialogues
reach their cap. Its server counts tokens by o200k_base, the vocabulary of gpt-4o-mini, whose prices are
taken, with the forms of answers, as OpenAI does, without a cache. Printed is prediction over account.
"""

import argparse
import itertools
import platform
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import bpe_openai
import orjson

from negosim import RunConfig, generate
from negosim.engine import planner_of, predict
from negosim.models import ChatRequest, ChatResponse, Usage, price_of
from negosim.registry import plugins

MODEL = "openai:gpt-4o-mini"
SCENARIOS = ("viatex", "rose-lane", "wild-beds", "sally-soprano")
CONDITIONS = ("honest", "deceptive-1")
SMALL = {"gdp-zero": "gdp-zero:n=2", "grounded": None}
"""Settings that keep a planner's dialogues short, None for one that needs files of facts."""
ENCODING = bpe_openai.get_encoding("o200k_base")
SENTENCES = (
    "I see why this matters to you, and I would like to find something that works for both of us.",
    "Could you tell me which of these points weighs most on your side?",
    "If we settle the first of them today, there is more room on the others than you might think.",
    "My people need something they can plan with.",
    "Let me suggest that we take the two open points together and see what each of us can give.",
    "That would help me a great deal at home, and it costs you next to nothing.",
    "What you say about timing makes sense to me, though the figures still look far apart.",
    "Perhaps we can meet halfway here.",
    "Honestly, I had hoped for a little more movement after our last round of talks.",
    "Tell me what you would need so that this becomes possible for you.",
    "We have worked well together for years, and that is worth something to both sides.",
    "Before I go to my board with this, it has to be clear to me how you see the rest.",
)
SPOKEN = ("utterance", "expected_reply", "text")
SAID, SHORT = (3, 5), (1, 2)
"""Sentences of a text that has room for many, and of one that has not."""


class Negotiator:
    """A scripted chat model with answers of realistic lengths, and a server that counts tokens."""

    name = MODEL

    def __init__(self, talks: float) -> None:
        self._rng, self._talks = Random(1), talks
        self._offers = itertools.count()

    async def complete(self, request: ChatRequest) -> ChatResponse:
        """Answer a form."""
        text = orjson.dumps(self._fill("", request.schema, 0)).decode()
        tokens = sum(len(ENCODING.encode(message.content)) + 4 for message in request.messages)
        tokens += len(ENCODING.encode(orjson.dumps(request.schema).decode()))
        return ChatResponse(text, "stop", Usage(tokens, len(ENCODING.encode(text))))

    async def preflight(self) -> None:
        """Nothing to reach."""

    async def close(self) -> None:
        """Nothing to release."""

    def _fill(self, name: str, schema: dict[str, Any], position: int) -> Any:
        if "anyOf" in schema:
            return self._fill(name, schema["anyOf"][0], position)
        if "enum" in schema:
            return schema["enum"][position % len(schema["enum"])]
        if schema.get("type") == "object":
            parts = enumerate(schema["properties"].items())
            return {key: self._part(key, part, position + number) for number, (key, part) in parts}
        if schema.get("type") == "array":
            return [self._fill(name, schema["items"], position)]
        if schema.get("type") == "string":
            text = self._say(schema.get("maxLength", 1200))
            # What was thought must not be said word for word.
            return text if name in SPOKEN else " ".join(reversed(text.split()))[: schema.get("maxLength")]
        return {"boolean": False, "null": None}.get(
            schema.get("type", ""), schema.get("const", schema.get("minimum", 1))
        )

    def _say(self, bound: int) -> str:
        few, many = SAID if bound > 800 else SHORT
        said = self._rng.sample(SENTENCES, self._rng.randint(few, many))
        while len(said) > 1 and len(" ".join(said)) > bound:
            said.pop()
        return " ".join(said)[:bound]

    def _part(self, key: str, part: dict[str, Any], position: int) -> Any:
        if key != "move":
            return self._fill(key, part, position)
        moves = part.get("anyOf", [part])
        talking = next(move["properties"] for move in moves if "talk" in str(move["properties"]["action"]))
        offering = [move for move in moves if move["properties"]["offer"].get("properties")]
        action, offer = "talk", None
        if offering and self._rng.random() >= self._talks:
            values = offering[0]["properties"]["offer"]["properties"].items()
            number = next(self._offers)
            action, offer = "offer", {issue: self._value(form, number) for issue, form in values}
        besides = {
            name: self._fill(name, form, position)
            for name, form in talking.items()
            if name not in ("action", "offer")
        }
        return {"action": action, "offer": offer, **besides}

    def _value(self, form: dict[str, Any], number: int) -> Any:
        values = next((each["enum"] for each in (form, *form.get("anyOf", ())) if "enum" in each), [1])
        return values[number % len(values)]


def ratios(planner: str, scenario: str, condition: str, arguments: argparse.Namespace) -> Iterator[float]:
    """Yield prediction over account: calls, tokens in, tokens out, cost."""
    config = RunConfig(
        scenarios=scenario,
        conditions=(condition,),
        models=(MODEL,),
        planner=SMALL.get(planner) or planner,
        calls=arguments.calls,
        max_turns=arguments.turns,
        dialogues=arguments.dialogues,
    )
    forecast = predict(config)
    model = Negotiator(arguments.talks)
    with tempfile.TemporaryDirectory() as folder:
        run = generate(config, out=Path(folder) / "run", chat_models={MODEL: model}, cache=False)
        dialogues = list(run)
    assert all(dialogue.failure is None for dialogue in dialogues)
    account = [row for dialogue in dialogues for row in dialogue.account]
    price = price_of(MODEL)
    assert price is not None
    for field in ("calls", "tokens_in", "tokens_out"):
        used = sum(getattr(row, field) for row in account)
        yield sum(getattr(stage, field) for stage in forecast.stages) / used
    used = [Usage(row.tokens_in, row.tokens_out) for row in account]
    yield sum(stage.usd or 0 for stage in forecast.stages) / sum(map(price.cost, used))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    usable = [name for name in plugins("planners") if SMALL.get(name, name)]
    parser.add_argument("--planners", default=",".join(usable))
    parser.add_argument("--scenarios", default=",".join(SCENARIOS))
    parser.add_argument("--calls", default="separate")
    parser.add_argument("--turns", type=int, default=16)
    parser.add_argument("--dialogues", type=int, default=8, help="of each row")
    parser.add_argument("--talks", type=float, default=0.75, help="share of turns without an offer")
    arguments = parser.parse_args()
    print(f"{date.today()}, {arguments}, {platform.machine()}, Python {platform.python_version()}\n")
    headings = ("planner", "scenario", "condition", "calls", "tokens in", "tokens out", "cost")
    print("| " + " | ".join(headings) + " |\n" + "|---" * len(headings) + "|")
    every = list[float]()
    kinds = itertools.product(arguments.planners.split(","), arguments.scenarios.split(","), CONDITIONS)
    for planner, scenario, condition in kinds:
        planner_of(planner)
        found = list(ratios(planner, scenario, condition, arguments))
        every += [found[0], found[1], found[3]]
        told = " | ".join(f"{ratio:.2f}" for ratio in found)
        print(f"| {planner} | {scenario} | {condition} | {told} |", flush=True)
    print(f"\ncalls, tokens in and cost: from {min(every):.2f} to {max(every):.2f}")


if __name__ == "__main__":
    main()
