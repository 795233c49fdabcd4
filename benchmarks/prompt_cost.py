"""What a dialogue's prompts cost: tokens and money by planner and stage, with an ideal prefix cache.

    pip install bpe-openai
    python benchmarks/prompt_cost.py [--scenario viatex] [--condition deceptive-1] [--turns 30]

Stand-ins play a dialogue to its cap with texts of typical length, through the same graphs and prompts as a
model. Tokens are those of o200k_base, the vocabulary of gpt-4o-mini, whose prices are taken; what a prompt
shares with the beginning of one that the same agent has sent before counts as read from the prefix cache.
The forms of answers, which some servers add to the prompt, are not counted.
"""

import argparse
import itertools
import platform
import tempfile
from collections import defaultdict
from datetime import date
from typing import Any

import bpe_openai
import orjson

from negosim import RunConfig, generate
from negosim.models import ChatRequest, ScriptedModel, Usage, price_of

PRICED = "openai:gpt-4o-mini"
ENCODING = bpe_openai.get_encoding("o200k_base")
SENTENCES = (
    "I see why the price matters to you, and I would like to find a package that works for both of us.",
    "Could you tell me which of the terms weighs most on your side, so that I can look at what is possible?",
    "If we settle the length of the contract today, there is more room on the other points than you think.",
    "My people need something they can plan with, and a clear date would help me a great deal to get there.",
    "Let me suggest that we take the two open points together and see what each of us can give for them.",
)
LENGTHS = {"utterance": 4, "expected_reply": 3, "reflection": 3, "reason": 1}
"""Sentences of each kind of text."""


class StandIn:
    """Answers every form with texts of typical length; makes a different offer each time it speaks."""

    def __init__(self) -> None:
        self._numbers, self._tactics = itertools.count(1), itertools.count(1)

    def answer(self, request: ChatRequest) -> Any:
        """Answer a form."""
        return self._fill("", request.schema, 0)

    def _fill(self, name: str, schema: dict[str, Any], position: int) -> Any:
        if "anyOf" in schema:
            return self._fill(name, schema["anyOf"][-1], position)
        if "enum" in schema:
            return schema["enum"][position % len(schema["enum"])]
        if "const" in schema:
            return schema["const"]
        if schema["type"] == "object":
            parts = enumerate(schema["properties"].items())
            return {key: self._part(key, part, number) for number, (key, part) in parts}
        if schema["type"] == "string":
            count, start = LENGTHS.get(name, 1), next(self._numbers)
            said = [SENTENCES[(start + place) % len(SENTENCES)] for place in range(count)]
            if name == "reflection":  # words of a thought must not be said
                said = [" ".join(reversed(sentence.split())) for sentence in said]
            return f"Point {start}: {' '.join(said)}."
        return {"boolean": False, "null": None}.get(schema["type"], schema.get("minimum", 1))

    def _part(self, key: str, part: dict[str, Any], number: int) -> Any:
        if key == "move":
            (offering,) = (form for form in part["anyOf"] if form["properties"]["offer"].get("properties"))
            values = offering["properties"]["offer"]["properties"].items()
            return {"action": "offer", "offer": {issue: self._value(form) for issue, form in values}}
        if key.startswith("tactic"):
            return part["enum"][next(self._tactics) % len(part["enum"])]
        return self._fill(key, part, number)

    def _value(self, form: dict[str, Any]) -> Any:
        values = next(each["enum"] for each in (form, *form.get("anyOf", ())) if "enum" in each)
        return values[next(self._numbers) % len(values)]


def played(planner: str, calls: str, arguments: argparse.Namespace) -> list[tuple[str, str, str]]:
    """Return the form, the prompt and the answer of every call of a dialogue."""
    stand_in = StandIn()
    model = ScriptedModel(stand_in.answer, name="stand-in")
    config = RunConfig(
        scenarios=(arguments.scenario,),
        conditions=(arguments.condition,),
        models=("stand-in",),
        planner=planner,
        calls=calls,
        max_turns=arguments.turns,
    )
    with tempfile.TemporaryDirectory() as folder:
        run = generate(config, out=f"{folder}/run", chat_models={"stand-in": model}, cache=False)
        (dialogue,) = run
    assert dialogue.failure is None, dialogue.failure
    answers = StandIn()
    return [
        (
            request.schema_name,
            "\n".join(message.content for message in request.messages),
            orjson.dumps(answers.answer(request)).decode(),
        )
        for request in model.requests
    ]


def tokens(text: str) -> int:
    """Count tokens."""
    return len(ENCODING.encode(text))


def shared_characters(one: str, other: str) -> int:
    """Return how long the common beginning of two texts is."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one.startswith(other[:middle]) else (low, middle - 1)
    return low


def counted(made: list[tuple[str, str, str]]) -> dict[str, list[int]]:
    """Return by form: calls, tokens in, those not in the prefix cache, tokens out."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    earlier: list[str] = []
    for form, prompt, answer in made:
        shared = max((shared_characters(prompt, other) for other in earlier[-40:]), default=0)
        earlier.append(prompt)
        for place, more in enumerate((1, tokens(prompt), tokens(prompt[shared:]), tokens(answer))):
            sums[form][place] += more
    return sums


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", default="viatex")
    parser.add_argument("--condition", default="deceptive-1")
    parser.add_argument("--turns", type=int, default=30)
    parser.add_argument("--planners", default="rollout,rollout/fused,reflect,direct")
    parser.add_argument("--stages", action="store_true", help="print a row for each stage as well")
    arguments = parser.parse_args()
    price = price_of(PRICED)
    assert price is not None
    what = f"{arguments.scenario}, {arguments.condition}, {arguments.turns} utterances"
    print(f"{date.today()}, {what}, prices of {PRICED}, Python {platform.python_version()}\n")
    print("| planner | calls | tokens in | not cached | out | USD |\n|---|---:|---:|---:|---:|---:|")
    for named in arguments.planners.split(","):
        planner, _, calls = named.partition("/")
        sums = counted(played(planner, calls or "separate", arguments))
        rows = [(named, [sum(column) for column in zip(*sums.values(), strict=True)])]
        rows += [(f"{named}: {form}", numbers) for form, numbers in sums.items()] if arguments.stages else []
        for label, (count, into, fresh, out) in rows:
            usd = price.cost(Usage(into, out, into - fresh))
            print(f"| {label} | {count} | {into:,} | {fresh:,} | {out:,} | {usd:.4f} |", flush=True)


if __name__ == "__main__":
    main()
