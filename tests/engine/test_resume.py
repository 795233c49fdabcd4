"""A run survives: killed at any instant it is finished without losing, doubling or paying anything twice."""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from negosim import Run, RunConfig, UserError, generate, resume
from negosim.models import ChatRequest, ScriptedModel

Player = Callable[..., ScriptedModel]
DRIVER = Path(__file__).with_name("killed_run.py")
CALLS_A_TURN = 8
CONCURRENCY = 3


def make(folder: Path, kills: int, player: str) -> dict[str, int]:
    command = [sys.executable, str(DRIVER), str(folder), str(kills), player]
    result = subprocess.run(command, capture_output=True, text=True, timeout=1200, check=False)
    assert result.returncode == 0, result.stderr
    report: dict[str, int] = json.loads(result.stdout)
    return report


def transcripts(folder: Path) -> dict[str, bytes]:
    found = [(dialogue.id, dialogue.transcript()) for dialogue in Run.open(folder)]
    assert len(found) == len(dict(found)), "a dialogue is stored twice"
    return dict(found)


@pytest.mark.slow
@pytest.mark.parametrize("player", ["scripted", "sim"])
def test_killed_at_25_instants_equals_uninterrupted(tmp_path: Path, player: str) -> None:
    whole = make(tmp_path / "whole", 0, player)
    killed = make(tmp_path / "killed", 25, player)
    assert transcripts(tmp_path / "killed") == transcripts(tmp_path / "whole")
    assert killed["stored"] == whole["stored"] == 40
    assert not list((tmp_path / "killed").glob("progress*"))
    # What a kill can cost is the turns that were being made, one for each dialogue in progress.
    assert killed["calls"] <= whole["calls"] + killed["kills"] * CONCURRENCY * CALLS_A_TURN
    assert killed["kills"] == 25


def interrupted(player: Player, folder: Path, after: int, **settings: Any) -> ScriptedModel:
    """Begin a run and interrupt it at a given call."""
    calls = iter(range(10**6))

    def stop(request: ChatRequest) -> Any:
        if next(calls) == after:
            raise KeyboardInterrupt
        return {"reflection": "I think."}

    model = player(ReflectionAnswer=stop)
    config = RunConfig(
        **{"scenarios": ("viatex",), "models": ("scripted",), "max_turns": 8, "votes": "always", **settings}
    )
    with pytest.raises(KeyboardInterrupt):
        generate(config, out=folder, chat_models={"scripted": model})
    return model


def test_resumed_dialogue_goes_on_after_its_last_turn(player: Player, tmp_path: Path) -> None:
    before = interrupted(player, tmp_path / "run", after=5)
    assert len(Run.open(tmp_path / "run")) == 0
    model = player(ReflectionAnswer={"reflection": "I think."})
    (dialogue,) = resume(tmp_path / "run", chat_models={"scripted": model})
    assert len(dialogue.turns) == 8
    # Five turns of 8 calls and two rounds of votes are not asked for again, and stay in the account.
    assert len(model.requests) == 3 * CALLS_A_TURN + 2 * 2
    assert sum(row.calls for row in dialogue.account) == len(model.requests) + len(before.requests) - 1
    whole = generate(
        Run.open(tmp_path / "run").config,
        out=tmp_path / "whole",
        chat_models={"scripted": player(ReflectionAnswer={"reflection": "I think."})},
    )
    assert dialogue.transcript() == next(iter(whole)).transcript()


def test_a_finished_run_is_left_as_it_is(player: Player, tmp_path: Path) -> None:
    config = RunConfig(scenarios=("viatex",), models=("scripted",), max_turns=2)
    generate(config, out=tmp_path / "run", chat_models={"scripted": player()})
    before = (tmp_path / "run" / "dialogues.jsonl").read_bytes()
    model = player()
    resume(tmp_path / "run", chat_models={"scripted": model})
    assert model.requests == []
    assert (tmp_path / "run" / "dialogues.jsonl").read_bytes() == before


def test_a_changed_configuration_is_refused_with_the_difference(player: Player, tmp_path: Path) -> None:
    interrupted(player, tmp_path / "run", after=1)
    config = Run.open(tmp_path / "run").config
    changed = config.model_copy(update={"k": 5})
    with pytest.raises(UserError, match="k: was 3, is 5"):
        resume(tmp_path / "run", config=changed, chat_models={"scripted": player()})
    header = json.loads((tmp_path / "run" / "run.json").read_bytes())
    header["fingerprint"]["scenarios"]["viatex"] = "0" * 64
    del header["crc32"]
    (tmp_path / "run" / "run.json").write_text(json.dumps(header))
    with pytest.raises(UserError, match=r"scenarios\.viatex: was 000000000000"):
        resume(tmp_path / "run", chat_models={"scripted": player()})


def test_a_cut_last_line_is_dropped_and_made_again(player: Player, tmp_path: Path) -> None:
    config = RunConfig(scenarios=("viatex",), models=("scripted",), max_turns=2, dialogues=2)
    generate(config, out=tmp_path / "run", chat_models={"scripted": player()})
    file = tmp_path / "run" / "dialogues.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[:-50])
    with pytest.raises(UserError, match="had 2 dialogues and has 1: its file was cut"):
        list(Run.open(tmp_path / "run"))
    resume(tmp_path / "run", chat_models={"scripted": player()})
    assert len(list(Run.open(tmp_path / "run"))) == 2


def test_two_processes_cannot_make_the_same_run(player: Player, tmp_path: Path) -> None:
    interrupted(player, tmp_path / "run", after=1)
    run = Run.open(tmp_path / "run")
    with run.writing(), pytest.raises(UserError, match="being made by another process"):
        resume(tmp_path / "run", chat_models={"scripted": player()})


def test_progress_grows_with_the_turns_and_not_with_their_square(player: Player, tmp_path: Path) -> None:
    """At most 3 KB a turn beyond the transcript itself, from the 20th turn to the 60th."""
    size, said = {}, {}
    for turns in (20, 60):
        folder = tmp_path / str(turns)
        interrupted(player, folder, after=turns, max_turns=80)
        (file,) = (folder / "progress").iterdir()
        steps = [json.loads(line) for line in file.read_bytes().splitlines()]
        said[turns] = sum(len(json.dumps(turn)) for step in steps for turn in step.get("turns", ()))
        size[turns] = file.stat().st_size
    assert (size[60] - said[60] - (size[20] - said[20])) / 40 < 3 * 1024


def test_votes_are_not_asked_for_again(player: Player, tmp_path: Path) -> None:
    """Interrupted in the turn after a vote, a dialogue goes on with that turn."""
    interrupted(player, tmp_path / "run", after=4)
    model = player(ReflectionAnswer={"reflection": "I think."})
    (dialogue,) = resume(tmp_path / "run", chat_models={"scripted": model})
    assert len(model.requests) == 4 * CALLS_A_TURN + 2 * 2
    assert [vote.after_turn for vote in dialogue.votes] == [1, 3, 5, 7]


def test_a_dialogue_that_had_ended_is_stored_without_another_call(player: Player, tmp_path: Path) -> None:
    config = RunConfig(scenarios=("viatex",), models=("scripted",), max_turns=8, votes="always")
    overrides = {"ReflectionAnswer": {"reflection": "I think."}, "ConcludeAnswer": {"concluded": True}}
    whole = generate(config, out=tmp_path / "whole", chat_models={"scripted": player(**overrides)})

    class Killed(Exception):
        pass

    def die(dialogue: object) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("negosim.store._run.Writer.append", lambda writer, dialogue: die(dialogue))
        with pytest.raises(Killed):
            generate(config, out=tmp_path / "run", chat_models={"scripted": player(**overrides)})
    model = player(**overrides)
    (dialogue,) = resume(tmp_path / "run", chat_models={"scripted": model})
    assert model.requests == []
    assert dialogue.end == "concluded"
    assert dialogue.transcript() == next(iter(whole)).transcript()
    assert len(dialogue.calls) == len(next(iter(whole)).calls)


def test_a_run_of_a_scenario_file_can_be_resumed_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "made")
    (tmp_path / "made" / "viatex.yaml").write_text(
        files("negosim.scenarios").joinpath("viatex.yaml").read_text()
    )
    config = RunConfig(scenarios=("viatex.yaml",), dialogues=2, max_turns=4)
    run = generate(config, out=tmp_path / "run")
    whole = run.path.joinpath("dialogues.jsonl").read_bytes()
    run.path.joinpath("dialogues.jsonl").write_bytes(whole.splitlines(keepends=True)[0])
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert [dialogue.index for dialogue in resume(run.path)] == [0, 1]
