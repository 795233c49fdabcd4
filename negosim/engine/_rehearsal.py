"""Rehearsal of a dialogue: stand-ins play it that make up answers of the right form and never conclude.

So the calls, their order and their prompts are the engine's own, and only what a model says is assumed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

import orjson

from negosim.engine._plan import Job, Plan
from negosim.models import (
    ChatRequest,
    ChatResponse,
    ModelClient,
    ModelSpec,
    Usage,
    estimated_tokens,
    most_usage,
)
from negosim.records import Dialogue
from negosim.scenarios import Scenario

TYPICAL_TEXT = 330
"""Characters of a typical utterance or thought: three or four sentences."""
LONGEST_TEXT = 1200
"""Characters of a text where its form sets no bound."""
NEW_OFFER, OFFER = 8, 4
"""Of so many moves one is an offer nobody has made before, and one is an offer at all."""
ALIKE = 4
"""Of so many utterances one begins as one of the speaker's last ones did; at greatest length all do."""
TEMPLATE_TOKENS = 16
"""Tokens that a server's chat template puts around a prompt, about."""

PROSE = (
    "a a I to to of of it is in on we us me my so if as at be by or you your our they this that the the the "
    "what which how but and and because for for from about today later open clear fair ready able look see "
    "think hear need want hope keep make help work plan start share change side team people reason question "
    "answer part week talk, now, here, then, well. yes. sure."
)
OPENING = "Thank you for that, and let us see:"
WORDS = tuple(PROSE.split())
"""What texts are made of: four to five letters a token, as in prose, and nothing that stands for a value."""


@dataclass
class Rehearsal:
    """A dialogue that stand-ins have played."""

    dialogue: Dialogue
    most_context: Mapping[str, int]
    """Tokens of the longest call, prompt and room for the answer, by the model's name as given."""


async def rehearse(plan: Plan, job: Job, *, longest: bool) -> Rehearsal:
    """Let stand-ins play a dialogue to its cap, with texts of typical length or as long as forms allow.

    They stand for the simulated negotiator and other agents too, which might end the dialogue early.
    """
    from negosim.engine._play import RunSetting, play

    names = {*job.models, *([plan.config.judge_model] if plan.config.judge_model else [])}
    scenario = plan.scenarios[job.scenario]
    script = _Script(scenario, Random(0), count(), iter(range(len(scenario.roles) - 1)), longest)
    tactics = _tactics(plan, scenario, longest=longest)
    stand_ins, clients = dict[str, _StandIn](), dict[str, ModelClient | None]()
    for name in names:
        spec = plan.specs.get(name) or ModelSpec(kind="openai", target=name)
        stand_ins[name] = model = _StandIn(spec.name, spec.form_in_prompt, tactics, script)
        clients[name] = ModelClient(
            model,
            temperature=spec.temperature,
            max_tokens=spec.max_tokens,
            held=spec.holds_to_max_tokens,
        )
    dialogue = await play(RunSetting(plan, clients, lambda event: None), job)
    assert dialogue.failure is None, dialogue.failure
    return Rehearsal(dialogue, {name: model.most_context for name, model in stand_ins.items()})


def _tactics(plan: Plan, scenario: Scenario, *, longest: bool) -> Mapping[str, int]:
    """Return the place of each tactic: as listed, or the one with most to say first."""
    tactics = plan.tactics[scenario.id].tactics
    if longest:
        tactics = tuple(sorted(tactics, key=lambda tactic: -len(tactic.model_dump_json())))
    return {tactic.id: position for position, tactic in enumerate(tactics)}


@dataclass
class _Script:
    """What the stand-ins of one dialogue have in common."""

    scenario: Scenario
    rng: Random
    moves: Iterator[int]
    accepts: Iterator[int]
    """Has an entry for each time to accept."""
    longest: bool
    spoken: Iterator[int] = field(default_factory=count)

    def move(self, actions: list[str]) -> dict[str, Any]:
        """Return the next move.

        At greatest length the first offer is accepted by all, so that votes are asked for after every round;
        else there is none of them where somebody has made a new offer.
        """
        number = next(self.moves)
        if self.longest:
            accepting = "accept" in actions and next(self.accepts, None) is not None
            return {
                "action": "accept" if accepting else "offer",
                "offer": None if accepting else self._longest(),
            }
        if number % OFFER:
            return {"action": "talk", "offer": None}
        turn = number // NEW_OFFER
        return {
            "action": "offer",
            "offer": {issue.id: issue.values[turn % len(issue.values)] for issue in self.scenario.issues},
        }

    def _longest(self) -> dict[str, Any]:
        return {
            issue.id: max(issue.values, key=lambda value: len(issue.label(value)))
            for issue in self.scenario.issues
        }

    def opened(self, text: str) -> str:
        """Return an utterance that begins as earlier ones, where it is one of those."""
        if not self.longest and next(self.spoken) % ALIKE:
            return text
        return f"{OPENING} {text[len(OPENING) + 1 :]}"

    def text(self, bound: int) -> str:
        """Return a text that nobody has said before, and that ends as a sentence does."""
        length = bound if self.longest else min(TYPICAL_TEXT, bound // 3)
        words = " ".join(self.rng.choices(WORDS, k=length // 2)).capitalize()
        return words[: max(length, 2) - 1].ljust(length - 1, "s").removesuffix(" ") + "."


@dataclass
class _StandIn:
    """A model that answers in the right form."""

    name: str
    form_in_prompt: bool
    tactics: Mapping[str, int]
    script: _Script
    most_context: int = 0
    _earlier: dict[str, str] = field(default_factory=dict)
    """The last prompt that began with some fixed part."""

    async def complete(self, request: ChatRequest) -> ChatResponse:
        """Answer at once."""
        text = orjson.dumps(self._fill(request.schema)).decode()
        prompt = "\n".join(message.content for message in request.messages)
        tokens_in = estimated_tokens(prompt) + TEMPLATE_TOKENS
        self.most_context = max(self.most_context, tokens_in + request.max_tokens)
        if self.script.longest:
            return ChatResponse(text, "stop", most_usage(request))
        form = estimated_tokens(orjson.dumps(request.schema).decode()) if self.form_in_prompt else 0
        cached = estimated_tokens(prompt[: self._shared(request.messages[0].content, prompt)])
        return ChatResponse(text, "stop", Usage(tokens_in + form, estimated_tokens(text), cached))

    async def preflight(self) -> None:
        """Nothing to reach."""

    async def close(self) -> None:
        """Nothing to release."""

    def _shared(self, fixed: str, prompt: str) -> int:
        """Return how much of a prompt was the beginning of an earlier one."""
        most = max((_common(prompt, earlier) for earlier in self._earlier.values()), default=0)
        self._earlier[fixed] = prompt
        return most

    def _fill(self, schema: Mapping[str, Any], position: int = 0) -> Any:
        if "anyOf" in schema:
            return self._fill(schema["anyOf"][0])
        if "enum" in schema:
            # What stands beside each other gets different values: that is how K tactics are asked for.
            options = sorted(schema["enum"], key=lambda option: self.tactics.get(option, 0))
            return options[position % len(options)]
        if schema.get("type") == "object":
            parts = enumerate(schema["properties"].items())
            filled = {name: self._fill(part, position + number) for number, (name, part) in parts}
            if "move" in filled:
                if "utterance" in filled:
                    filled["utterance"] = self.script.opened(filled["utterance"])
                filled["move"] = self._move(schema["properties"]["move"], position)
            return filled
        if schema.get("type") == "array":
            return [self._fill(schema["items"], position)]
        if schema.get("type") == "null":
            return None
        if schema.get("type") == "string":
            return self.script.text(schema.get("maxLength", LONGEST_TEXT))
        if schema.get("type") == "boolean":
            return False
        return schema.get("const", schema.get("minimum", 1))

    def _move(self, schema: Mapping[str, Any], position: int) -> dict[str, Any]:
        """Return a move, with whatever else goes with one."""
        issues = self.script.scenario.issues
        fields = (schema["anyOf"][0] if issues else schema)["properties"]
        besides = {
            name: self._fill(part, position)
            for name, part in fields.items()
            if name not in ("action", "offer")
        }
        actions = fields["action"].get("enum", [])
        move = self.script.move(actions) if issues else {"action": "talk", "offer": None}
        return move | besides


def _common(one: str, other: str) -> int:
    """Return how long the common beginning of two texts is."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one.startswith(other[:middle]) else (low, middle - 1)
    return low
