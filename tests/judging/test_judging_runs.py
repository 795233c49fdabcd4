"""Judging whole runs: what is asked again and what is not, who stops it, and what is left out."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from negosim import Run, RunConfig, UserError, generate
from negosim.errors import ModelError
from negosim.judging import DialogueJudged, JudgingEvent, default_judge, judge, judge_async
from negosim.models import ChatRequest, ScriptedModel
from negosim.store import read_judges

Filler = Callable[..., ScriptedModel]
MakeRun = Callable[..., Run]


def test_two_judges_and_repeats(make_run: MakeRun, filler: Filler) -> None:
    run, first, second = make_run(dialogues=2), filler(), filler()
    judge(
        run,
        judges=["a", "b", "oracle"],
        chat_models={"a": first, "b": second},
        questions=["agreement", "quality"],
        repeats=3,
        concurrency=4,
    )
    sheets = list(run.judgements())
    counted = Counter((sheet.judge, sheet.questions, sheet.perspective) for sheet in sheets)
    three = ("third_party", "agent_1", "agent_2")
    assert counted == {
        **{(name, "agreement", seen): 6 for name in "ab" for seen in three},
        **{(name, "quality", "third_party"): 6 for name in "ab"},
        ("oracle", "agreement", "truth"): 2,  # it would say the same again
        ("oracle", "quality", "truth"): 2,
    }
    assert len({sheet.key for sheet in sheets}) == len(sheets)
    assert len({sheet.fingerprint for sheet in sheets}) == 6
    judges = read_judges(run.path)
    assert judges.keys() == {sheet.fingerprint for sheet in sheets}
    for sheet in sheets:
        entry = judges[sheet.fingerprint]
        assert (entry["judge"], entry["questions"]) == (sheet.judge, sheet.questions)
    assert len(run.judgement_frame()) == sum(len(sheet.judgements) for sheet in sheets)


def test_the_same_answers_at_any_concurrency(make_run: MakeRun, filler: Filler) -> None:
    def judged(concurrency: int) -> list[bytes]:
        run = make_run(dialogues=3)
        judge(run, judges=["m"], chat_models={"m": filler()}, repeats=2, concurrency=concurrency)
        sheets = [sheet.model_copy(update={"seconds": 0.0}) for sheet in run.judgements()]
        return sorted(orjson.dumps(sheet.model_dump(mode="json")) for sheet in sheets)

    assert judged(1) == judged(7)


def test_what_has_been_answered_is_not_asked_again(make_run: MakeRun, filler: Filler) -> None:
    run, first = make_run(dialogues=2), filler()
    judge(run, judges=["m"], chat_models={"m": first}, questions=["agreement"])
    before = (run.path / "judgements.jsonl").read_bytes()
    events: list[JudgingEvent] = []
    again = filler()
    judge(
        run, judges=["m"], chat_models={"m": again}, questions=["agreement", "quality"], watch=events.append
    )
    assert len(again.requests) == 2  # the qualities alone
    assert (run.path / "judgements.jsonl").read_bytes().startswith(before)
    assert [event.known for event in events if isinstance(event, DialogueJudged)] == [3, 3]
    # Another repeat is another sheet.
    judge(run, judges=["m"], chat_models={"m": (third := filler())}, questions=["quality"], repeats=2)
    assert len(third.requests) == 2


def test_a_judge_that_changed_is_asked_again(make_run: MakeRun, filler: Filler, tmp_path: Path) -> None:
    run = make_run()
    judge(run, judges=["m"], chat_models={"m": filler()}, questions=["quality"])
    folder = tmp_path / "prompts"
    folder.mkdir()
    (folder / "observer.j2").write_text("You read negotiations. {{ side.title }}")
    other = filler()
    judge(run, judges=["m"], chat_models={"m": other}, questions=["quality"], prompts=str(folder))
    assert other.requests[0].messages[0].content == "You read negotiations. Viatex"
    assert len({sheet.fingerprint for sheet in run.judgements()}) == 2


def test_only_what_the_provider_failed_on_is_asked_again(make_run: MakeRun, filler: Filler) -> None:
    run = make_run(dialogues=3)

    def failing(request: ChatRequest) -> Any:
        return ModelError("overloaded") if len(model.requests) == 2 else "nonsense"

    model = ScriptedModel(failing)
    judge(run, judges=["m"], chat_models={"m": model}, questions=["quality"])
    assert [sheet.judgements[0].status for sheet in run.judgements()] == ["error", "invalid", "invalid"]
    again = filler()
    judge(run, judges=["m"], chat_models={"m": again}, questions=["quality"])
    assert len(again.requests) == 1
    statuses = [sheet.judgements[0].status for sheet in run.judgements()]
    assert statuses == ["invalid", "invalid", "ok"]
    frame = run.judgement_frame()
    assert len(frame) == 3 * 13
    assert "error" not in set(frame.status)


def test_a_hopeless_error_stops_the_judging(make_run: MakeRun, filler: Filler) -> None:
    def refuse(given: Any, request: ChatRequest) -> Any:
        if len(model.requests) < 4:
            return given
        error = ModelError("the key is refused")
        error.fault = "key"
        return error

    run, model = make_run(dialogues=5), filler(refuse)
    with pytest.raises(ModelError, match="the key is refused"):
        judge(run, judges=["m"], chat_models={"m": model}, questions=["quality"], concurrency=2)
    assert len(list(run.judgements())) == 3
    judge(run, judges=["m"], chat_models={"m": (again := filler())}, questions=["quality"])
    assert len(again.requests) == 2


def test_failed_dialogues_are_not_judged(tmp_path: Path) -> None:
    broken = ScriptedModel(lambda request: "nonsense")
    config = RunConfig(scenarios=("viatex",), models=("m",), dialogues=2)
    run = generate(config, out=tmp_path / "run", chat_models={"m": broken})
    events: list[JudgingEvent] = []
    judge(run, judges=["oracle"], watch=events.append)
    assert [event.skipped for event in events if isinstance(event, DialogueJudged)] == ["failed", "failed"]
    assert run.judgement_frame().empty


def test_a_sample_keeps_pairs_and_grows(make_run: MakeRun) -> None:
    run = make_run(
        dialogues=6, conditions=("honest", "deceptive-2"), scenarios=("viatex", "west-wind"), max_turns=4
    )

    def sampled(sample: int) -> set[str]:
        judge(run, questions=["agreement"], sample=sample)
        return {sheet.dialogue for sheet in run.judgements()}

    two, three = sampled(2), sampled(3)
    assert len(two) == 8
    assert two < three
    assert len(three) == 12
    honest = {name.replace(".honest.", ".") for name in three if ".honest." in name}
    assert honest == {name.replace(".deceptive-2.", ".") for name in three if ".deceptive-2." in name}


def test_who_judges_by_default(
    make_run: MakeRun, filler: Filler, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    simulated = make_run()
    assert default_judge(simulated) == "oracle"
    monkeypatch.setenv("NEGOSIM_MODEL", "local")
    assert default_judge(simulated) == "local"
    monkeypatch.setenv("NEGOSIM_MODEL", "sim")
    config = RunConfig(scenarios=("viatex",), models=("m", "sim"), max_turns=2, planner="direct")
    mixed = generate(
        config, out=tmp_path / "mixed", chat_models={"m": ScriptedModel(lambda request: "nonsense")}
    )
    with pytest.raises(UserError, match="name a judge"):
        default_judge(mixed)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"judges": ["sim"]}, "no judge"),
        ({"judges": ["gpt-4o"]}, "openai:gpt-4o"),
        ({"judges": ["oracle", "oracle"]}, "named twice"),
        ({"judges": []}, "at least one judge"),
        ({"questions": ["qualities"]}, "did you mean quality"),
        ({"questions": ["quality", "quality"]}, "named twice"),
        ({"questions": []}, "name at least one question set"),
        ({"questions": ["nowhere/x.yaml"]}, "no file"),
        ({"repeats": 0}, "repeats must be at least 1"),
        ({"prompts": "nowhere"}, "no prompts folder"),
    ],
)
def test_what_the_user_can_mend(make_run: MakeRun, options: dict[str, Any], message: str) -> None:
    run = make_run(max_turns=2)
    before = sorted(run.path.iterdir())
    with pytest.raises(UserError, match=message):
        judge(run, **options)
    assert sorted(run.path.iterdir()) == before


def test_one_process_at_a_time(make_run: MakeRun, filler: Filler) -> None:
    run = make_run(max_turns=2)
    with run.judging(), pytest.raises(UserError, match="being judged by another process"):
        judge(run)
    with run.writing():  # a run that is being made can be judged as far as it is
        judge(run)


KILLED = """
import asyncio, sys
from negosim import Run
from negosim.judging import judge
from negosim.models import ScriptedModel

async def answer(request):
    await asyncio.sleep(0.02)
    return {name: {"reason": "", "quotes": [], "answer": 3} for name in request.schema["properties"]}

judge(Run.open(sys.argv[1]), judges=["m"], chat_models={"m": ScriptedModel(answer)}, questions=["quality"])
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_judging_goes_on_where_it_was(
    make_run: MakeRun, filler: Filler, how: signal.Signals
) -> None:
    run = make_run(dialogues=40, max_turns=2)
    place = run.path / "judgements.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(run.path)], stderr=subprocess.DEVNULL, env=os.environ
    )
    try:
        deadline = time.monotonic() + 600
        while not place.exists() or place.read_bytes().count(b"\n") < 3:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(how)
        process.wait(600)
    finally:
        process.kill()
        process.wait()
    stored = len(list(run.judgements()))
    assert 3 <= stored < 40
    with place.open("ab") as file:
        file.write(b'{"schema_version":1,"dialogue":"viatex.dec')
    judge(run, judges=["m"], chat_models={"m": (model := filler())}, questions=["quality"])
    assert len(model.requests) == 40 - stored
    assert len(run.judgement_frame()) == 40 * 13
    assert place.read_bytes().count(b"\n") == 40


def test_the_asynchronous_form(make_run: MakeRun, filler: Filler) -> None:
    one, other = make_run(max_turns=2), make_run(max_turns=2)

    async def both() -> None:
        judging = (judge_async(run, judges=["m"], chat_models={"m": filler()}) for run in (one, other))
        await asyncio.gather(*judging)

    asyncio.run(both())
    assert len(list(one.judgements())) == len(list(other.judgements())) > 0
