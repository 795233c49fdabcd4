import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from negosim import Run, judge
from negosim.errors import UserError
from negosim.judging import (
    Annotation,
    AnnotationQuestion,
    Page,
    Wording,
    annotation,
    assess,
    load_question_set,
    read_back,
    unwritten_annotation,
    written,
)
from negosim.measures import judged_rows, reliability
from negosim.records import Judgement, Sheet
from negosim.scenarios import load_scenario
from negosim.terminal.annotate import Prompt, prompt_of, typed_value
from negosim.views import public_record

AGREEMENT = ["agreement"]
SHORT = ["agreement", "deception"]

MakeRun = Callable[..., Run]


class Typist:
    """Types lines at prompts, then hangs up; keeps what was on the screen."""

    def __init__(self, lines: Iterable[str | type[BaseException]]) -> None:
        self._lines = iter(lines)
        self.file = StringIO()
        self.prompts: list[str] = []

    def __call__(self, prompt: str) -> str:
        self.prompts.append(prompt)
        self.file.write(prompt)
        line = next(self._lines, EOFError)
        if not isinstance(line, str):
            raise line
        self.file.write(f"{line}\n")
        return line

    @property
    def screen(self) -> str:
        return self.file.getvalue()


def annotate(
    run: Run,
    *lines: str | type[BaseException],
    name: str = "ann",
    questions: list[str] | None = None,
    sample: int | None = None,
) -> Typist:
    """Answer at the prompt; questions about agreement where nothing else is said."""
    typist = Typist(lines)
    console = Console(
        file=typist.file, width=80, force_terminal=True, color_system=None, highlight=False, markup=False
    )
    with annotation(run, name, questions=questions or AGREEMENT, sample=sample) as opened:
        Prompt(opened, console, typist).run()
    return typist


def sheets_of(run: Run, judge: str = "person:ann") -> list[Sheet]:
    return [sheet for sheet in run.judgements() if sheet.judge == judge]


def answers_of(sheet: Sheet) -> dict[tuple[str, int | None, int | None], Judgement]:
    return {(answer.question, answer.agent, answer.turn): answer for answer in sheet.judgements}


def slots(opened: Annotation) -> list[tuple[Page, AnnotationQuestion]]:
    return [(page, slot) for page in opened.pages for slot in page.slots]


def test_a_persons_answers_are_sheets_like_those_of_judges(make_run: MakeRun) -> None:
    run = make_run()
    said = next(iter(run)).turns[2].utterance.text
    quote = " ".join(said.split()[:4])
    annotate(run, "n", f'"{quote.upper()}', ": nobody took it ", "3", "n", "y", "1", "4", questions=SHORT)
    agreement, deception = sheets_of(run)
    assert (agreement.questions, agreement.perspective, agreement.judge) == (
        "agreement",
        "third_party",
        "person:ann",
    )
    assert agreement.usd == 0
    found = answers_of(agreement)
    assert found["agreement", None, None].value is False
    obstacle = found["obstacle", None, None]
    assert (obstacle.value, obstacle.evidence, obstacle.reason) == ("impasse", (quote,), "nobody took it")
    values = [answer.value for answer in deception.judgements]
    assert values == [False, True, 1, 4]


def test_what_another_answer_rules_out_is_not_asked(make_run: MakeRun) -> None:
    run = make_run()
    typist = annotate(run, "y")
    assert len(typist.prompts) == 1
    (sheet,) = sheets_of(run)
    assert [answer.status for answer in sheet.judgements] == ["ok", "not_applicable"]


def test_a_question_left_out_is_no_answer_and_not_asked_again(make_run: MakeRun) -> None:
    run = make_run()
    annotate(run, "s", "s")
    (sheet,) = sheets_of(run)
    assert [(answer.status, answer.value) for answer in sheet.judgements] == [("refused", None)] * 2
    assert annotate(run).prompts == []


@pytest.mark.parametrize("stop", [["q"], [EOFError], [KeyboardInterrupt]])
def test_whatever_stops_it_what_is_answered_is_stored(
    stop: list[str | type[BaseException]], make_run: MakeRun
) -> None:
    run = make_run(dialogues=2)
    lines = ["y", "n", "y", *stop]  # agreement of the first dialogue, and half of its deception
    if stop == [KeyboardInterrupt]:
        with pytest.raises(KeyboardInterrupt):
            annotate(run, *lines, questions=SHORT)
    else:
        annotate(run, *lines, questions=SHORT)
    assert [len(sheet.judgements) for sheet in sheets_of(run)] == [2, 2]
    resumed = annotate(run, "2", "5", questions=SHORT)
    assert resumed.prompts == ["1 to 5 > ", "1 to 5 > ", "y or n > "]
    assert "dialogue 1 of 2" in resumed.screen
    assert "dialogue 2 of 2" in resumed.screen
    deception = sheets_of(run)[-1]
    assert [answer.value for answer in deception.judgements] == [False, True, 2, 5]


def test_one_can_go_back_also_into_the_dialogue_before(make_run: MakeRun) -> None:
    run = make_run(dialogues=2)
    typist = annotate(run, "b", "y", "b", "", "b", "n", "4", "y")
    assert "this is the first question" in typist.screen
    assert "your answer so far: yes (Enter keeps it)" in typist.screen
    values = sorted([answer.value for answer in sheet.judgements] for sheet in sheets_of(run))
    assert values == [[False, "out-of-time"], [True, None]]


def test_nothing_on_the_screen_tells_condition_models_or_thoughts(make_run: MakeRun) -> None:
    run = make_run(dialogues=3, conditions=("honest", "deceptive-2"), planner="reflect")
    typist = annotate(run, *["y", "y", "n", "3", "1", "t", "l", "?"] * 40, questions=SHORT)
    screen = typist.screen
    assert "dialogue 6 of 6" in screen
    for dialogue in run:
        assert dialogue.id not in screen
        for turn in dialogue.turns:
            assert turn.utterance.text.split()[0] in screen
            if turn.reflection:
                assert turn.reflection[:40] not in " ".join(screen.replace("│", " ").split())
    for word in ("honest", "deceptive-2", "condition", "sim", "model", "FALSE", "reservation"):
        assert not re.search(rf"\b{word}\b", screen), word
    scenario = load_scenario("viatex")
    for role in scenario.roles:
        assert role.brief[:30] not in screen


def test_the_order_is_the_persons_own_and_stays(make_run: MakeRun) -> None:
    run = make_run(dialogues=10, max_turns=2)
    orders = {
        name: [page.transcript for page in unwritten_annotation(run, name, questions=AGREEMENT).pages]
        for name in ("ann", "bea", "cleo")
    }
    again = [page.transcript for page in unwritten_annotation(run, "ann", questions=AGREEMENT).pages]
    assert orders["ann"] == again
    assert orders["ann"] != orders["bea"] or orders["bea"] != orders["cleo"]
    assert sorted(map(str, orders["ann"])) == sorted(map(str, orders["bea"]))


def test_a_sample_is_the_one_that_judges_take(make_run: MakeRun) -> None:
    run = make_run(dialogues=6, conditions=("honest", "deceptive-2"), max_turns=2)
    annotate(run, *["y"] * 20, sample=2)
    judge(run, judges=["oracle"], questions=AGREEMENT, sample=2)
    oracle = {sheet.dialogue for sheet in sheets_of(run, "oracle")}
    assert len(oracle) == 4
    assert {sheet.dialogue for sheet in sheets_of(run)} == oracle


def test_failed_dialogues_are_not_shown(make_run: MakeRun) -> None:
    run = make_run(dialogues=2)
    place = next(run.path.glob("dialogues*"))
    first, second = re.sub(r',"crc32":"\w+"', "", place.read_text("utf-8")).splitlines(keepends=True)
    place.write_text(first.replace('"status":"complete"', '"status":"failed"') + second, "utf-8")
    assert "dialogue 1 of 1" in annotate(Run.open(run.path), "y").screen
    place.write_text(first.replace('"status":"complete"', '"status":"failed"'), "utf-8")
    (run.path / "dialogues.count").unlink()
    with pytest.raises(UserError, match="no finished dialogue"):
        annotate(Run.open(run.path))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("maybe", "write yes or no, not 'maybe'"),
        ("", "type an answer"),
        ('"these words nobody says', "nobody says that word for word in the conversation"),
    ],
)
def test_what_cannot_be_used_is_said_and_asked_again(line: str, said: str, make_run: MakeRun) -> None:
    run = make_run()
    assert said in annotate(run, line).screen
    assert sheets_of(run) == []


def test_quotes_are_of_the_utterance_that_is_asked_about_and_not_too_many(make_run: MakeRun) -> None:
    run = make_run(max_turns=2)
    first, second = (turn.utterance.text for turn in next(iter(run)).turns)
    other, own = " ".join(second.split()[:5]), " ".join(first.split()[:5])
    screen = annotate(run, f'"{other}', f'"{own}', f'"{own}', "storytelling", questions=["tactic"]).screen
    assert "nobody says that word for word in this utterance" in screen
    assert "no more than 1 quote" in screen
    (sheet,) = sheets_of(run)
    assert sheet.judgements[0].evidence == (own,)


@pytest.mark.parametrize("name", ["", "a b", "person:x", "-x", "x" * 41, "../up"])
def test_names_that_would_make_trouble_are_refused(name: str, make_run: MakeRun) -> None:
    with pytest.raises(UserError, match="cannot be used"), annotation(make_run(), name):
        pass


@pytest.mark.parametrize("questions", ["claims", "beliefs", "mine.yaml"])
def test_questions_that_no_neutral_reader_is_asked_are_refused(questions: str, make_run: MakeRun) -> None:
    Path("mine.yaml").write_text(
        "schema_version: 1\nid: mine\ntitle: Mine\nperspectives: [agents]\n"
        "questions: [{id: glad, text: Are you glad?, answer: yes_no}]\n",
        encoding="utf-8",
    )
    with (
        pytest.raises(UserError, match="not for people"),
        annotation(make_run(), "ann", questions=[questions]),
    ):
        pass


def test_people_count_as_judges(make_run: MakeRun) -> None:
    run = make_run(dialogues=6, conditions=("honest", "deceptive-2"))
    judge(run, judges=["oracle"], questions=AGREEMENT)
    truth = {sheet.dialogue: sheet.judgements[0].value for sheet in sheets_of(run, "oracle")}
    by_transcript = {str(public_record(dialogue.turns)): dialogue.id for dialogue in run}
    for name in ("ann", "bea"):
        with annotation(run, name, questions=AGREEMENT) as opened:
            for page, slot in slots(opened):
                if slot.item.question == "agreement":
                    opened.enter(page, slot, bool(truth[by_transcript[str(page.transcript)]]))
            opened.save()
    among = {(each.question, each.among) for each in reliability(judged_rows(run))}
    assert ("agreement", "people") in among
    found = {(each.judge, each.question): each for each in assess(run).calibrations}
    assert found["person:ann", "agreement"].accuracy.value == 1.0


def wording_of(questions: str, question: str) -> Wording:
    asked = load_question_set(questions).by_id(question)
    options = tuple((option.id, option.label) for option in asked.options or ())
    return Wording(asked, options=options, grades=tuple(asked.grades))


PRICE = next(
    Wording(asked, options=(("unsettled", "left open"),), issue=issue)
    for issue in load_scenario("viatex").issues
    if issue.range is not None
    for asked in [load_question_set("agreement").by_id("agreement").model_copy(update={"answer": "issue"})]
)
DEGREE = wording_of("deception", "deception-degree")
OBSTACLE = wording_of("agreement", "obstacle")


@pytest.mark.parametrize(
    ("wording", "line", "value"),
    [
        (DEGREE, "4", 4),
        (DEGREE, " 4.0 ", 4),
        (OBSTACLE, "3", "impasse"),
        (OBSTACLE, "IMPASSE", "impasse"),
        (OBSTACLE, "trust", "mistrust"),
        (OBSTACLE, "one side left the table", "walked-away"),
        (OBSTACLE, "out of", "out-of-time"),
        (PRICE, "u", "unsettled"),
        (PRICE, "$0.10 a bottle", 0.1),
    ],
)
def test_an_answer_can_be_typed_in_several_ways(wording: Wording, line: str, value: object) -> None:
    assert typed_value(wording, line) == value
    assert prompt_of(wording).endswith(" > ")


@pytest.mark.parametrize(
    ("wording", "line", "why"),
    [
        (DEGREE, "6", "whole number from 1 to 5"),
        (DEGREE, "2.5", "whole number from 1 to 5"),
        (DEGREE, "nan", "whole number from 1 to 5"),
        (OBSTACLE, "7", "none of the answers"),
        (OBSTACLE, "o", "may be open-issues or"),
        (PRICE, "a lot", 'is no number; give a number .* or "unsettled"'),
    ],
)
def test_what_is_no_answer_is_said_to_be_none(wording: Wording, line: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        typed_value(wording, line)


@given(st.sampled_from([DEGREE, OBSTACLE, PRICE]), st.data())
def test_every_answer_is_read_back_as_it_was_written(wording: Wording, data: st.DataObject) -> None:
    values: list[object] = [*wording.grades, *(name for name, _ in wording.options)]
    if wording.issue is not None:
        values += wording.issue.values
    value = data.draw(st.sampled_from(values))
    assert written(wording, read_back(value)) == value  # type: ignore[arg-type]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
def test_on_a_real_terminal_nothing_is_lost(stop: signal.Signals, make_run: MakeRun) -> None:
    run = make_run(dialogues=2)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "negosim", "annotate", str(run.path), "--name", "ann"]
    process = subprocess.Popen(
        [*command, "--questions", "agreement"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
    )
    os.close(theirs)
    screen = b""

    def wait_for(text: bytes) -> None:
        nonlocal screen
        limit = time.monotonic() + 600
        while text not in screen:
            assert time.monotonic() < limit, screen.decode()
            if select.select([ours], [], [], 0.5)[0]:
                screen += os.read(ours, 4096)
        screen = screen.partition(text)[2]

    try:
        wait_for(b"y or n >")
        os.write(ours, b"y\n")
        wait_for(b"y or n >")
        time.sleep(0.3)  # until it waits for input
        process.send_signal(stop)
        wait_for(b"the same command goes on")
        assert process.wait(600) == 130
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    (sheet,) = sheets_of(run)
    assert sheet.judgements[0].value is True
