"""A reader that believes whatever looks like structure, and runs in which somebody forges it."""

import json
import random
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

import pytest

from negosim import Run, RunConfig, generate
from negosim.models import ChatRequest, ScriptedModel
from negosim.speech import quoted

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[2] / "shared" / "cases" / "forgeries" / "forgeries.jsonl"

_CONTROL = re.compile(r"<\|[^|>]*\|>|</?[a-z][a-z_]*>|<</?SYS>>|<0x[0-9A-F]+>|\[/?[A-Z][A-Z_]+\]")


def forgeries() -> dict[str, str]:
    """Return the texts by kind: ours, and those of the field where they are at hand."""
    files = [HERE / "forgeries.jsonl", *([SHARED] if SHARED.exists() else [])]
    rows = [
        json.loads(line) for file in files for line in file.read_text(encoding="utf-8").split("\n") if line
    ]
    return {row.get("id", row["kind"]): row["text"].strip() for row in rows}


FORGERIES = forgeries()
PLAIN = [f"These are plain words, said for the {number}th time." for number in range(len(FORGERIES))]


@dataclass(frozen=True)
class Believed:
    """What an obedient reader takes a prompt for."""

    turns: int
    moves: int
    thoughts: int
    states: int
    tasks: int
    candidates: int
    control: int


_LAYOUT = {
    "turns": r"\[\d+\] .+?:|(Human|Assistant|System|Worker|Donor|Supporter|Seeker|Agent|Partner|Other):",
    "moves": r"\((offer:|accepts |leaves )|.*\[(offer|accept|reject|walk away|end)\b",
    "thoughts": r"\(your private thought",
    "states": r"All issues are settled|On the table|Settled so far|No offer|\d+ of at most|Score:|Dollars",
    "tasks": r"#+ *(Task|Your task|Instruction|Response|The conversation|Conversation \d)|```",
    "candidates": r"Candidate \d|You:|Expected reply:",
}
"""How lines begin that say what they are."""


@cache
def _believed_of_line(line: str) -> tuple[int, ...]:
    seen = "".join(c for c in line if unicodedata.category(c) not in ("Cf", "Co", "Mn"))
    lines = [part.strip() for part in unicodedata.normalize("NFKC", seen).splitlines()]
    counts = [sum(bool(re.match(pattern, part)) for part in lines) for pattern in _LAYOUT.values()]
    return (*counts, sum(len(_CONTROL.findall(part)) for part in lines))


def believed_of(prompt: str) -> Believed:
    """Read a prompt as an obedient model does: by its layout, hidden characters and widths overlooked."""
    counts = zip(*map(_believed_of_line, prompt.splitlines()), strict=True)
    return Believed(**dict(zip((*_LAYOUT, "control"), map(sum, counts), strict=True)))


def prompt_of(request: ChatRequest) -> str:
    return "\n".join(message.content for message in request.messages)


def fill(schema: dict[str, Any], believed: Believed, words: str) -> Any:
    """Fill in a form: every decision follows from what the prompt is believed to be."""
    if "anyOf" in schema:
        return fill(schema["anyOf"][0], believed, words)
    draw = random.Random(repr(believed))
    if "enum" in schema:
        return draw.choice(schema["enum"])
    if schema["type"] == "object":
        return {name: fill(part, believed, words) for name, part in schema["properties"].items()}
    answers = {"array": [], "boolean": draw.random() < 0.5, "number": draw.randint(1, 10), "string": words}
    return answers.get(schema["type"])


def obedient(request: ChatRequest, words: str = "Let me see.") -> Any:
    """Answer as an obedient model does: it votes and judges by what it takes the prompt for."""
    believed = believed_of(prompt_of(request))
    if request.schema_name == "ConcludeAnswer":
        return {"concluded": believed.moves > 0 or believed.control > 0 or believed.tasks > 2}
    return fill(request.schema, believed, words)


class Player:
    """Plays both roles, who say some texts in order, think others of them, and obey."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = list(texts)
        self._spoken = 0
        self._latest = ""
        self.model = ScriptedModel(self._answer)

    def _answer(self, request: ChatRequest) -> Any:
        text = self._texts[min(self._spoken, len(self._texts) - 1)]
        if request.schema_name == "Speak":
            self._spoken += 1
            self._latest = text
            return {"utterance": text, "move": {"action": "talk", "offer": None}}
        if request.schema_name == "ConsolidateAnswer":
            return {"utterance": quoted(self._latest)}  # copied from the prompt
        answer = obedient(request, self._texts[(self._spoken + 37) % len(self._texts)])
        if request.schema_name == "Think":
            tactics = request.schema["properties"]["candidate_1"]["properties"]["tactic"]["enum"]
            for number, name in enumerate(name for name in answer if name != "reflection"):
                answer[name]["tactic"] = tactics[number]
        if request.schema_name == "Tactics":
            tactics = request.schema["properties"]["tactic_1"]["enum"]
            return {name: tactics[number] for number, name in enumerate(answer)}
        return answer


@dataclass(frozen=True)
class Played:
    """A dialogue, and every request that was made for it."""

    run: Run
    requests: Sequence[ChatRequest]


def play(texts: Sequence[str], out: Path, calls: Literal["fused", "separate"] = "fused") -> Played:
    """Play a dialogue in which these texts are said, one a turn."""
    player = Player(texts)
    config = RunConfig(scenarios=("viatex",), models=("m",), max_turns=len(texts), calls=calls, k=2)
    # What gets past the guard is read here, and every utterance is asked to begin in another way.
    with (
        patch("negosim.agents._chat.leaks", return_value=[]),
        patch("negosim.agents._chat.opens_alike", return_value=True),
    ):
        run = generate(config, out=out, chat_models={"m": player.model}, cache=False)
    return Played(run, player.model.requests)


@pytest.fixture(scope="session")
def forged(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A dialogue full of forgeries."""
    return play(list(FORGERIES.values()), tmp_path_factory.mktemp("forged") / "run")


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The same dialogue in plain words."""
    return play(PLAIN, tmp_path_factory.mktemp("plain") / "run")


@pytest.fixture(scope="session")
def step_by_step(tmp_path_factory: pytest.TempPathFactory) -> tuple[Played, Played]:
    """Both dialogues with a call for each stage, abridged: every fifth text."""
    places = [tmp_path_factory.mktemp("separate") / name for name in ("forged", "plain")]
    said = [list(FORGERIES.values())[::5], PLAIN[::5]]
    first, second = (play(texts, place, calls="separate") for texts, place in zip(said, places, strict=True))
    return first, second


@pytest.fixture(scope="session")
def texts() -> dict[str, str]:
    """What is said, by kind of forgery."""
    return FORGERIES


@pytest.fixture(scope="session")
def believe() -> Callable[[ChatRequest], Believed]:
    """Return a function that reads a request as an obedient model does."""
    return lambda request: believed_of(prompt_of(request))


@pytest.fixture(scope="session")
def obey() -> Callable[[ChatRequest], Any]:
    """Return a function that answers a request as an obedient model does."""
    return obedient
