import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from negosim.config import RunConfig
from negosim.engine import DialogueFinished, DialogueStarted, Event, RunStarted, TurnFinished
from negosim.records import Condition, Dialogue, Failure, Outcome
from negosim.scenarios import Scenario
from negosim.store import Fingerprint, Run, RunHeader
from negosim.terminal import Tally
from negosim.terminal.moves import replay
from negosim.terminal.summary import progress_line, summary_lines
from negosim.terminal.tally import Count
from negosim.terminal.watch import Watch


def console(*, terminal: bool, width: int = 80) -> Console:
    return Console(
        file=io.StringIO(), width=width, force_terminal=terminal, highlight=False, markup=False, emoji=False
    )


def written(to: Console) -> str:
    assert isinstance(to.file, io.StringIO)
    return to.file.getvalue()


def run_of(tmp_path: Path, planned: int, scenario: Scenario) -> Run:
    fingerprint = Fingerprint(versions={}, scenarios={}, taxonomies={}, prompts={}, models={})
    header = RunHeader(
        created="2026-01-02T03:04:05+00:00",
        config=RunConfig(scenarios=("orchard",)),
        fingerprint=fingerprint,
        scenarios={"orchard": scenario},
        planned=planned,
    )
    (tmp_path / "dialogues.jsonl").touch()
    return Run(tmp_path, header)


def events(run: Run, scenario: Scenario, *dialogues: Dialogue) -> Iterator[Event]:
    yield RunStarted(run)
    for dialogue in dialogues:
        yield DialogueStarted(dialogue.id, scenario, dialogue.condition, dialogue.opener, dialogue.models)
        for turn, _, after in replay(dialogue, scenario):
            yield TurnFinished(dialogue.id, scenario, turn, after, 1 - turn.role)
        yield DialogueFinished(dialogue, scenario)


def failed(dialogue: Dialogue) -> Dialogue:
    failure = Failure(turn=2, role=1, stage="speak", error="ModelError", message="the server\nis gone")
    return dialogue.model_copy(
        update={
            "id": "x.1",
            "status": "failed",
            "end": "failed",
            "outcome": Outcome(status="unknown"),
            "failure": failure,
        }
    )


def honest(dialogue: Dialogue) -> Dialogue:
    return dialogue.model_copy(
        update={
            "id": "x.2",
            "condition": Condition(),
            "outcome": Outcome(status="no_agreement", values=(20.0, 15.0), joint_value=35.0),
            "account": (),
        }
    )


def watched(watch: Watch, told: Iterator[Event]) -> None:
    for event in told:
        watch(event)
    watch.close()


@pytest.fixture
def plain() -> tuple[Console, Console]:
    return console(terminal=False), console(terminal=False)


def test_one_dialogue_on_a_terminal_is_shown_in_panels(
    tmp_path: Path, orchard: Scenario, dialogue: Dialogue
) -> None:
    out = console(terminal=True)
    watch = Watch(out, console(terminal=False))
    watched(watch, events(run_of(tmp_path, 1, orchard), orchard, dialogue))
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", written(out))
    assert "DECEPTIVE: agent 1 (Ana Brandt) may lie" in shown
    assert shown.count("thinks") == 4
    assert shown.count("►") == 4
    assert shown.index("Good morning") < shown.index("lorry") < shown.index("AGREEMENT after 4")
    assert "Bo Castellanos is thinking" in shown
    assert watch.run is not None
    assert watch.tally.total.agreed == 1


def test_one_dialogue_in_a_pipe_is_one_line_an_utterance(
    plain: tuple[Console, Console], tmp_path: Path, orchard: Scenario, dialogue: Dialogue
) -> None:
    watched(Watch(*plain), events(run_of(tmp_path, 1, orchard), orchard, dialogue))
    lines = written(plain[0]).splitlines()
    spoken = [line for line in lines if re.match(r"\d+ \w+ \w+ \(agent", line)]
    assert len(spoken) == 4
    assert not [line for line in lines if "thinks" in line]
    assert not written(plain[1])


def test_thoughts_can_be_asked_for_in_a_pipe_and_left_out_on_a_terminal(
    plain: tuple[Console, Console], tmp_path: Path, orchard: Scenario, dialogue: Dialogue
) -> None:
    run = run_of(tmp_path, 1, orchard)
    watched(Watch(*plain, thoughts=True), events(run, orchard, dialogue))
    assert written(plain[0]).count(" thinks: ") == 4
    out = console(terminal=True)
    watched(Watch(out, plain[1], thoughts=False), events(run, orchard, dialogue))
    assert "Thought number" not in written(out)


def test_many_dialogues_in_a_pipe_are_a_line_each_and_a_summary(
    plain: tuple[Console, Console],
    tmp_path: Path,
    orchard: Scenario,
    dialogue: Dialogue,
    snapshot: SnapshotAssertion,
) -> None:
    told = events(run_of(tmp_path, 3, orchard), orchard, dialogue, failed(dialogue), honest(dialogue))
    watched(Watch(*plain), told)
    assert written(plain[0]) == snapshot
    assert "\x1b" not in written(plain[0])


def test_many_dialogues_on_a_terminal_show_progress_failures_and_a_table(
    tmp_path: Path, orchard: Scenario, dialogue: Dialogue
) -> None:
    out = console(terminal=True)
    told = events(run_of(tmp_path, 3, orchard), orchard, dialogue, failed(dialogue), honest(dialogue))
    watched(Watch(out, console(terminal=False)), told)
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", written(out))
    assert "3/3" in shown
    assert "1 agreed · 1 failed · 28.0k tokens · $0.0046" in shown
    assert "x.1: failed at utterance 3 (Bo Castellanos, stage speak): ModelError" in shown
    table = shown[shown.rindex("scenario") :]
    assert re.search(r"orchard\s+deceptive-1\s+2\s+1\s+1 \(100%\)\s+85\.0\s+4\.0", table)
    assert re.search(r"orchard\s+honest\s+1\s+0\s+0 \(0%\)\s+-\s+4\.0", table)
    assert re.search(r"all\s+3\s+1\s+1 \(50%\)\s+-\s+4\.0", table)


@pytest.mark.parametrize("width", [80, 50])
def test_progress_fits_the_terminal(
    width: int, tmp_path: Path, orchard: Scenario, dialogue: Dialogue
) -> None:
    out = console(terminal=True, width=width)
    watched(Watch(out, out), events(run_of(tmp_path, 2000, orchard), orchard, dialogue))
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", written(out))
    assert max(map(len, re.split(r"[\r\n]", shown))) <= width


def test_json_is_the_only_thing_on_stdout(
    plain: tuple[Console, Console], tmp_path: Path, orchard: Scenario, dialogue: Dialogue
) -> None:
    told = events(run_of(tmp_path, 2, orchard), orchard, dialogue, failed(dialogue))
    watched(Watch(*plain, json=True), told)
    records = [Dialogue.model_validate(json.loads(line)) for line in written(plain[0]).splitlines()]
    assert records == [dialogue, failed(dialogue)]
    assert not written(plain[1])


def test_json_leaves_progress_to_the_other_terminal(
    tmp_path: Path, orchard: Scenario, dialogue: Dialogue
) -> None:
    out, err = console(terminal=True), console(terminal=True)
    watched(Watch(out, err, json=True), events(run_of(tmp_path, 1, orchard), orchard, dialogue))
    assert Dialogue.model_validate_json(written(out)) == dialogue
    assert "1/1" in written(err)


def test_no_colour_where_none_is_wanted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, orchard: Scenario, dialogue: Dialogue
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = console(terminal=True)
    watched(Watch(out, out), events(run_of(tmp_path, 1, orchard), orchard, dialogue))
    styles = set(re.findall(r"\x1b\[([0-9;]*)m", written(out)))
    assert not {code for style in styles for code in style.split(";")} - {"0", "1", "2", "3", "4", ""}


def test_a_dumb_terminal_gets_no_control_sequences(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, orchard: Scenario, dialogue: Dialogue
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    for dialogues in ([dialogue], [dialogue, honest(dialogue)]):
        out = console(terminal=True)
        watched(Watch(out, out), events(run_of(tmp_path, len(dialogues), orchard), orchard, *dialogues))
        assert "AGREEMENT" in written(out).upper()
        assert "\x1b" not in written(out)


def test_closing_before_anything_happened_prints_nothing(plain: tuple[Console, Console]) -> None:
    Watch(*plain).close()
    assert written(plain[0]) == written(plain[1]) == ""


def test_a_resumed_run_counts_what_it_had(
    plain: tuple[Console, Console], tmp_path: Path, orchard: Scenario, dialogue: Dialogue
) -> None:
    run = run_of(tmp_path, 3, orchard)
    with run.writing() as writer:
        writer.append(dialogue)
        writer.append(failed(dialogue))
    watched(Watch(*plain), events(run, orchard, honest(dialogue)))
    lines = written(plain[0]).splitlines()
    assert lines[0].startswith("[3/3] x.2")
    assert lines[-1].startswith("all: 3 dialogues · 1 agreed · 1 failed")
    out = console(terminal=True)
    watched(Watch(out, out), events(run, orchard, honest(dialogue)))
    assert "3/3" in written(out)


def test_money_is_unknown_once_a_price_is(dialogue: Dialogue) -> None:
    rows = tuple(row.model_copy(update={"usd": None}) for row in dialogue.account)
    tally = Tally()
    tally.add(dialogue)
    assert tally.total.usd == pytest.approx(0.00232)
    tally.add(dialogue.model_copy(update={"account": rows}))
    assert tally.total.usd is None
    assert "price unknown" in list(summary_lines(tally))[-1]


def test_models_are_told_apart_where_they_differ(dialogue: Dialogue) -> None:
    tally = Tally()
    tally.add(dialogue)
    tally.add(dialogue.model_copy(update={"models": ("sim", "openai:gpt-x")}))
    lines = list(summary_lines(tally))
    assert "openai:gpt-x + sim: 1 dialogue, 0 failed, 1 (100%) agreed" in lines[0]
    assert "sim + openai:gpt-x: 1 dialogue, 0 failed, 1 (100%) agreed" in lines[1]


def test_agreements_are_counted_where_there_is_something_to_agree_on() -> None:
    assert progress_line(Count(done=3, inapplicable=2, failed=1)) == "1 failed"
    assert progress_line(Count(done=3, inapplicable=1, agreed=1)) == "1 agreed · 0 failed"
    assert progress_line(Count(done=1, failed=1)) == "0 agreed · 1 failed"
