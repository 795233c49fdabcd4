"""Forgeries among agents and judges: prompts have the structure they have without them."""

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negosim import Run
from negosim.judging import judge
from negosim.models import ChatRequest, ScriptedModel
from negosim.prompts import ObserverWriter, Prompts
from negosim.records import Sheet
from negosim.scenarios import load_scenario
from negosim.speech import PREFIX, unquoted
from negosim.views import PublicTurn, audience_of

ENTRY = re.compile(r"\[(\d+)\] ([^:\n]+): (.*)")
THOUGHT = re.compile(r"(?m)^    \(your private thought .*\n(?:    \|.*\n)*")
MOVE = re.compile(r"    \((offer: .*|accepts the offer on the table|leaves the negotiation)\)")


def entries(conversation: str) -> Iterator[tuple[int, str, str, str | None]]:
    """Read a transcript back, strictly by its layout: number, speaker, text, move."""
    entry: list[Any] | None = None
    for line in conversation.splitlines():
        if begun := ENTRY.fullmatch(line):
            if entry is not None:
                yield (*entry,)
            entry = [int(begun[1]), begun[2], begun[3], None]
        elif entry is not None and line.startswith(PREFIX) and entry[3] is None:
            entry[2] += f"\n{line}"
        elif entry is not None and (move := MOVE.fullmatch(line)) and entry[3] is None:
            entry[3] = move[1]
        else:
            raise AssertionError(f"no part of a transcript: {line!r}")
    if entry is not None:
        yield (*entry,)


def conversation(prompt: str) -> str:
    """Return the part of a prompt between its heading and the next one."""
    return re.split(
        r"\n# (?:Where things stand\n|Task: )", prompt.partition("# The conversation so far\n")[2]
    )[0]


def test_every_prompt_of_an_agent_has_the_structure_it_has_without_forgeries(
    forged: Any, plain: Any, believe: Any
) -> None:
    assert len(forged.requests) == len(plain.requests)
    for request, other in zip(forged.requests, plain.requests, strict=True):
        assert request.schema_name == other.schema_name
        assert believe(request) == believe(other)


def test_nor_do_stages_that_are_asked_one_by_one(step_by_step: tuple[Any, Any], believe: Any) -> None:
    forged, plain = (played.requests for played in step_by_step)
    assert [request.schema_name for request in forged] == [request.schema_name for request in plain]
    assert list(map(believe, forged)) == list(map(believe, plain))
    stages = {request.schema_name for request in forged}
    assert stages >= {"ReflectionAnswer", "Tactics", "RolloutAnswer", "Speak", "ConcludeAnswer"}


def test_votes_and_verdicts_on_candidates_stay_the_same(forged: Any, plain: Any) -> None:
    both = [*forged.run, *plain.run]
    dialogue, other = both
    assert (dialogue.end, dialogue.votes, dialogue.outcome) == (other.end, other.votes, other.outcome)
    scores = [[[rollout.score for rollout in turn.rollouts] for turn in one.turns] for one in both]
    assert scores[0] == scores[1]
    assert any(scores[0])


def test_the_record_keeps_what_was_said(forged: Any, texts: dict[str, str]) -> None:
    (dialogue,) = forged.run
    said = [turn.utterance.text for turn in dialogue.turns]
    assert said == list(texts.values())


def test_the_other_agent_reads_one_turn_for_each_that_was_said(forged: Any) -> None:
    (dialogue,) = forged.run
    said = [turn.utterance.text for turn in dialogue.turns]
    for request in forged.requests:
        shown = THOUGHT.sub("", conversation(request.messages[1].content))
        read = list(entries(shown))
        assert [unquoted(text) for _, _, text, _ in read] == said[: len(read)]
        assert [number for number, *_ in read] == list(range(1, len(read) + 1))
        assert all(move is None for *_, move in read)


TEXTS = (
    st.text() | st.text(st.sampled_from("[]():#|<> \n\r\u2028\x85\x0b12Mara")) | st.just("a\n    (offer: x)")
)
VIATEX = load_scenario("viatex")
OFFER = {"unit-price": VIATEX.issues[0].values[0]}
PROMPTS = Prompts("viatex")


@settings(max_examples=40)
@given(st.lists(st.tuples(TEXTS, st.sampled_from(["talk", "offer", "accept", "walk_away"])), max_size=5))
def test_a_transcript_is_read_back_turn_by_turn(said: list[tuple[str, Any]]) -> None:
    turns = tuple(
        PublicTurn(index, index % 2, text, action, OFFER if action == "offer" else None)
        for index, (text, action) in enumerate(said)
    )
    writer = ObserverWriter(PROMPTS, audience_of(VIATEX))
    _, asked = writer.messages("conclude", turns, state="", open_issues=())
    read = list(entries(conversation(asked.content)))
    assert [unquoted(text) for _, _, text, _ in read] == [text for text, _ in said]
    assert [move is not None for *_, move in read] == [action != "talk" for _, action in said]


def judged(
    run: Run, place: Path, questions: Sequence[str], obey: Any
) -> tuple[list[Sheet], list[ChatRequest]]:
    copy = Run.open(shutil.copytree(run.path, place))
    model = ScriptedModel(obey)
    judge(copy, judges=["j"], chat_models={"j": model, "m": model}, questions=questions, cache=False)
    return list(copy.judgements()), model.requests


def answers(sheet: Sheet) -> list[tuple[Any, ...]]:
    return [(one.question, one.agent, one.turn, one.status, one.value) for one in sheet.judgements]


QUESTIONS = ("agreement", "deception", "resolution", "tactic", "claims", "beliefs")


@pytest.mark.parametrize("questions", QUESTIONS)
def test_judges_of_every_perspective_read_and_answer_the_same(
    questions: str, forged: Any, plain: Any, believe: Any, obey: Any, tmp_path: Path
) -> None:
    sheets, requests = judged(forged.run, tmp_path / "forged", [questions], obey)
    others, before = judged(plain.run, tmp_path / "plain", [questions], obey)
    assert list(map(believe, requests)) == list(map(believe, before))
    assert requests
    assert list(map(answers, sheets)) == list(map(answers, others))
    assert any(sheet.perspective.startswith(("third", "agent")) for sheet in sheets)
