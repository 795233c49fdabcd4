"""Damaged progress of a dialogue is found and named; nothing goes on from something else."""

import random
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from negosim import Run, RunConfig, UserError, generate, resume
from negosim.models import ScriptedModel

Player = Callable[..., ScriptedModel]
DIALOGUE = "viatex.honest.0000"
TURNS = 4
FUZZED = 2_000


class Stopped(Exception):
    pass


def config(**settings: Any) -> RunConfig:
    given = {
        "scenarios": ("viatex",),
        "models": ("m",),
        "planner": "direct",
        "max_turns": TURNS,
        "votes": "always",
    }
    return RunConfig(**{**given, **settings})


def begin(folder: Path, model: ScriptedModel, calls: int, **settings: Any) -> None:
    """Begin a run that stops at a call."""
    answer, count = model.complete, iter(range(10**6))

    async def complete(request: Any) -> Any:
        if next(count) == calls:
            raise Stopped
        return await answer(request)

    model.complete = complete  # type: ignore[method-assign]
    with pytest.raises(Stopped):
        generate(config(**settings), out=folder, chat_models={"m": model})


def transcript(run: Run) -> bytes:
    (dialogue,) = run
    return dialogue.transcript()


@pytest.fixture
def whole(player: Player, tmp_path: Path) -> bytes:
    return transcript(generate(config(), out=tmp_path / "whole", chat_models={"m": player()}))


@pytest.fixture
def begun(player: Player, tmp_path: Path) -> Path:
    """A run that stopped in its last turn: three turns and a vote are kept."""
    begin(tmp_path / "run", player(), calls=5)
    return tmp_path / "run"


def progress(folder: Path) -> Path:
    return folder / "progress" / f"{DIALOGUE}.jsonl"


def test_a_line_for_every_step(begun: Path) -> None:
    lines = progress(begun).read_text().splitlines()
    assert len(lines) == 4
    assert [("turns" in line, "votes" in line) for line in lines] == [
        (True, False),
        (True, False),
        (False, True),
        (True, False),
    ]


@pytest.mark.parametrize("cut", [lambda line: line[:-1], lambda line: line[:3], lambda line: bytes(50)])
def test_a_cut_last_line_is_an_unfinished_step(
    player: Player, begun: Path, whole: bytes, cut: Callable[[bytes], bytes]
) -> None:
    file = progress(begun)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:-1]) + cut(lines[-1]))
    model = player()
    assert transcript(resume(begun, chat_models={"m": model})) == whole
    assert len(model.requests) == 2 + 2
    assert not file.parent.exists()


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda lines: [lines[0].replace(b'"text":"', b'"text":"Never ', 1), *lines[1:]], "line 1: damaged"),
        (lambda lines: [lines[0], lines[2], lines[3]], "line 2: it belongs to another step"),
        (lambda lines: [lines[0], lines[0], *lines[1:]], "line 2: it belongs to another step"),
        (lambda lines: [lines[0], b"\n", *lines[1:]], "line 2: damaged"),
        (lambda lines: [lines[0], lines[1][:-10] + b"\n", *lines[2:]], "line 2: damaged"),
        (lambda lines: [b"PK\x03\x04 a photograph\n\xff\xd8\n"], "line 1: damaged"),
        (lambda lines: [b"\x91\x07 no step, nor its beginning"], "line 1: damaged"),
    ],
    ids=["changed", "lost", "doubled", "blank", "cut within", "foreign", "foreign and cut"],
)
def test_damage_is_named_before_anything_is_asked(
    player: Player, begun: Path, damage: Callable[[list[bytes]], list[bytes]], named: str, whole: bytes
) -> None:
    file = progress(begun)
    file.write_bytes(b"".join(damage(file.read_bytes().splitlines(keepends=True))))
    model = player()
    with pytest.raises(UserError, match=f"{DIALOGUE}.jsonl, {named}.*; remove the file and resume the run"):
        resume(begun, chat_models={"m": model})
    assert model.requests == []
    file.unlink()
    assert transcript(resume(begun, chat_models={"m": player()})) == whole


def test_progress_of_another_run_or_dialogue_is_refused(player: Player, begun: Path, tmp_path: Path) -> None:
    begin(tmp_path / "other", player(), calls=5, seed=1)
    shutil.copy(progress(tmp_path / "other"), progress(begun))
    with pytest.raises(UserError, match="line 1: it belongs to another run"):
        resume(begun, chat_models={"m": player()})
    begin(tmp_path / "two", player(), calls=5, dialogues=2)
    first = progress(tmp_path / "two")
    shutil.copy(first, first.with_name("viatex.honest.0001.jsonl"))
    with pytest.raises(UserError, match=r"0001\.jsonl, line 1: it belongs to another dialogue"):
        resume(tmp_path / "two", chat_models={"m": player()})


def test_a_folder_in_place_of_the_file(player: Player, begun: Path) -> None:
    progress(begun).unlink()
    progress(begun).mkdir()
    with pytest.raises(UserError, match=r"viatex.honest.0000.jsonl' cannot be read"):
        resume(begun, chat_models={"m": player()})


def test_what_belongs_to_no_dialogue_is_left_alone(player: Player, begun: Path) -> None:
    (begun / "progress" / "notes.txt").write_text("mine")
    resume(begun, chat_models={"m": player()})
    assert [file.name for file in (begun / "progress").iterdir()] == ["notes.txt"]


def test_a_finished_dialogue_leaves_nothing_behind(player: Player, tmp_path: Path) -> None:
    begin(tmp_path / "run", player(), calls=3 * 8 + 2, dialogues=5)
    assert len(Run.open(tmp_path / "run")) >= 3
    assert len(list((tmp_path / "run" / "progress").iterdir())) == 1


@contextmanager
def disk_of(most: int) -> Iterator[None]:
    """Let no file grow beyond some bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_one_message_and_room_is_enough_to_go_on(player: Player, tmp_path: Path) -> None:
    long: dict[str, Any] = {"planner": "rollout", "max_turns": 16}
    whole = transcript(generate(config(**long), out=tmp_path / "whole", chat_models={"m": player()}))
    begin(tmp_path / "run", player(), calls=15 * 8 + 7 * 2, **long)
    kept = progress(tmp_path / "run").read_bytes()
    lines = kept.splitlines(keepends=True)
    shutil.rmtree(tmp_path / "run")
    with (
        disk_of(len(kept) - len(lines[-1]) // 2),
        pytest.raises(UserError, match=r"cannot be written: .*make room and resume the run"),
    ):
        generate(config(**long), out=tmp_path / "run", chat_models={"m": player()})
    left = progress(tmp_path / "run").read_bytes()
    assert left.count(b"\n") == len(lines) - 1
    assert left.endswith(b"\n")
    model = player()
    assert transcript(resume(tmp_path / "run", chat_models={"m": model})) == whole
    assert len(model.requests) == 2 * 8 + 2


@pytest.mark.slow
def test_fuzzed_progress_is_refused_or_gives_the_same_transcript(
    player: Player, begun: Path, tmp_path: Path, whole: bytes
) -> None:
    from negosim.engine._progress import RunProgress

    file, sound, run = progress(begun), progress(begun).read_bytes(), Run.open(begun)
    steps = RunProgress(run, [DIALOGUE]).of(DIALOGUE).steps
    outcomes = {"refused": 0, "cut": 0, "whole": 0}
    for number in range(FUZZED):
        file.write_bytes(corrupted(sound, random.Random(number)))
        try:
            kept = RunProgress(run, [DIALOGUE]).of(DIALOGUE).steps
        except UserError as error:
            outcomes["refused"] += f"{file}, line " in str(error) and "; remove the file" in str(error)
            continue
        assert kept == steps[: len(kept)]
        outcomes["whole" if len(kept) == len(steps) else "cut"] += 1
        if number % 40 == 0:
            folder = tmp_path / str(number)
            shutil.copytree(begun, folder)
            assert transcript(resume(folder, chat_models={"m": player()})) == whole
    assert sum(outcomes.values()) == FUZZED
    assert min(outcomes["refused"], outcomes["cut"]) > FUZZED / 10


def corrupted(content: bytes, rng: random.Random) -> bytes:
    """Damage a file somewhere: bits, bytes, a cut, a hole, a piece doubled, lines in another order."""
    changed = bytearray(content)
    place, length = rng.randrange(len(content)), rng.randint(1, 60)
    match rng.randrange(7):
        case 0:
            changed[place] ^= 1 << rng.randrange(8)
        case 1:
            changed[place : place + length] = rng.randbytes(length)
        case 2:
            del changed[place:]
        case 3:
            del changed[place : place + length]
        case 4:
            changed[place:place] = changed[place : place + length]
        case 5:
            changed[place : place + length] = bytes(length)
        case 6:
            lines = content.splitlines(keepends=True)
            rng.shuffle(lines)
            changed = bytearray(b"".join(lines))
    return bytes(changed)
