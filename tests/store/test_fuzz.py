"""Ten thousand damaged bytes over all files of a run: noticed, or without effect; never another dialogue."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from negosim import Run, RunConfig, UserError, generate
from negosim.judging import judge
from negosim.store import read_judges

BYTES = 10_000
READ = dict[str, object]


def read(folder: Path) -> READ:
    """Read everything a run has, by what it is."""
    run = Run.open(folder)
    found: READ = {"header": run.header}
    found |= {dialogue.id: dialogue for dialogue in run}
    found |= {str(sheet.key): sheet for sheet in run.judgements()}
    return {**found, **read_judges(folder)}


def flip(content: bytearray, rng: random.Random, count: int) -> bytearray:
    for _ in range(count):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return content


def cut(content: bytearray, rng: random.Random, count: int) -> bytearray:
    return content[: -min(count, len(content) - 1)]


def take_out(content: bytearray, rng: random.Random, count: int) -> bytearray:
    start = rng.randrange(len(content))
    return content[:start] + content[start + count :]


def put_in(content: bytearray, rng: random.Random, count: int) -> bytearray:
    start = rng.randrange(len(content) + 1)
    return content[:start] + rng.randbytes(count) + content[start:]


def overwrite(content: bytearray, rng: random.Random, count: int) -> bytearray:
    start = rng.randrange(len(content))
    content[start : start + count] = rng.choice([b"\0", b"\n", b" ", b'"', b"}"]) * count
    return content


DAMAGES: tuple[Callable[[bytearray, random.Random, int], bytearray], ...] = (
    flip,
    flip,
    cut,
    take_out,
    put_in,
    overwrite,
)


@pytest.mark.parametrize("compress", [False, True])
def test_damaged_bytes_are_noticed(tmp_path: Path, compress: bool) -> None:
    run = generate(
        RunConfig(scenarios=("viatex",), planner="direct", max_turns=4, dialogues=2),
        out=tmp_path / "run",
        compress=compress,
    )
    judge(run, judges=["oracle"])
    whole = read(run.path)
    files = sorted(file for file in run.path.iterdir() if file.stat().st_size)
    assert len(files) == 6
    rng, left, noticed, tried = random.Random(7), BYTES // 2, 0, 0
    while left > 0:
        file, damage = rng.choice(files), rng.choice(DAMAGES)
        count = min(left, rng.choice([1, 1, 2, 4, 16, 60]))
        left, tried = left - count, tried + 1
        content = file.read_bytes()
        file.write_bytes(damage(bytearray(content), rng, count))
        try:
            found = read(run.path)
        except UserError:
            noticed += 1
        else:
            assert found == whole, f"{file.name}, {damage.__name__}, {count} bytes"
        file.write_bytes(content)
    assert noticed > 0.9 * tried
