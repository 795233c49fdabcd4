"""Files of training that are not what was written: named, with the way out; nothing goes on from them."""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from negosim.errors import UserError
from negosim.rl import read_card, read_trajectories, simulate
from negosim.rl.hindsight import progress_path, regenerate
from negosim.rl.hindsight._progress import Progress
from negosim.rl.policy import Policy
from negosim.rl.training import OptimizerStep, TrainConfig, train

TRIES = 12
CONFIG = TrainConfig.model_validate(
    {"model": "tiny:1x32", "steps": 3, "batch_size": 4, "checkpoint_every": 2, "learning_rate": 1e-3}
)


class StoppedError(Exception):
    pass


@dataclass(frozen=True)
class Made:
    """A folder of each kind, and what reads it."""

    folder: Path

    def read_checkpoint(self) -> object:
        data = list(read_trajectories(self.folder / "jsonl"))
        train(data, self.folder / "checkpoint", CONFIG, resume=True)
        return None

    def read_policy(self) -> object:
        return Policy.load(self.folder / "policy").card

    def read_jsonl(self) -> object:
        return list(read_trajectories(self.folder / "jsonl")), read_card(self.folder / "jsonl")

    def read_parquet(self) -> object:
        return list(read_trajectories(self.folder / "parquet")), read_card(self.folder / "parquet")

    def read_hindsight(self) -> object:
        place = progress_path(self.folder / "hindsight" / "grown")
        made_from = orjson.loads(self.header)["made_from"]
        progress = Progress(self.folder / "hindsight" / "grown", made_from)
        try:
            return [*progress.reviews.values(), *progress.attempts.values()]
        finally:
            progress.close()
            place.with_name(place.name + ".lock").unlink(missing_ok=True)

    @property
    def header(self) -> bytes:
        return (self.folder / "header").read_bytes()


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    for format in ("jsonl", "parquet"):
        simulate("donation", folder / format, dialogues=8, format=format)  # type: ignore[arg-type]
    data = list(read_trajectories(folder / "jsonl"))

    def stop(step: OptimizerStep) -> None:
        if step.number == 3:
            raise StoppedError

    with pytest.raises(StoppedError):
        train(data, folder / "checkpoint", CONFIG, watch=stop)
    train(data, folder / "policy", CONFIG)

    def stop_at(made: int, wanted: int) -> None:
        if made >= 5:
            raise StoppedError

    with pytest.raises(StoppedError):
        regenerate(folder / "jsonl", folder / "hindsight" / "grown", factor=3, watch=stop_at)
    place = progress_path(folder / "hindsight" / "grown")
    (folder / "header").write_bytes(place.read_bytes().splitlines(keepends=True)[0])
    return folder


@pytest.fixture
def made(original: Path, tmp_path: Path) -> Made:
    shutil.copytree(original, tmp_path / "made")
    return Made(tmp_path / "made")


def flip(content: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1 << rng.randrange(8)]) + content[place + 1 :]


def cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(1, len(content) - 1)]


def empty(content: bytes, rng: random.Random) -> bytes:
    return b""


def foreign(content: bytes, rng: random.Random) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + rng.randbytes(400) + b"\n"


def attempt(read: Callable[[], object]) -> tuple[str, object]:
    """Return the problem there is, or what was read."""
    try:
        return "", read()
    except UserError as error:
        return str(error), None


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (flip, flip, cut, empty, foreign)
FILES = [
    ("policy", "policy.json", "heads.safetensors", "model/model.safetensors", "model/tokenizer.json"),
    ("jsonl", "trajectories.jsonl", "card.json"),
    ("parquet", "trajectories.parquet", "card.json"),
]


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, *names in FILES for name in names], ids=lambda text: str(text)
)
def test_a_damaged_file_is_named_with_the_way_out(made: Made, kind: str, name: str) -> None:
    read = getattr(made, f"read_{kind}")
    file, whole = made.folder / kind / name, read()
    content, rng = file.read_bytes(), random.Random(name)
    for number in range(TRIES):
        file.write_bytes(DAMAGES[number % len(DAMAGES)](content, rng))
        problem, found = attempt(read)
        assert problem or found == whole  # a byte that means nothing, as one of a line's end
        assert not problem or str(file) in problem
        assert not problem or "again" in problem or "another version" in problem
    file.unlink()
    if name != "card.json":  # without a card, trajectories are read unverified
        with pytest.raises(UserError):
            read()


@pytest.mark.parametrize(
    "name", ["about.json", "weights.safetensors", "optimizer.safetensors", "random.safetensors"]
)
def test_a_damaged_checkpoint_is_named_and_nothing_goes_on_from_it(made: Made, name: str) -> None:
    (checkpoint,) = (made.folder / "checkpoint").glob("checkpoint-*")
    content, rng = (checkpoint / name).read_bytes(), random.Random(name)
    for damage in (flip, cut, empty, foreign):
        (checkpoint / name).write_bytes(damage(content, rng))
        with pytest.raises(UserError, match=rf"{name}: .*; train again into another --out"):
            made.read_checkpoint()
    (checkpoint / name).write_bytes(content)
    made.read_checkpoint()
    assert (made.folder / "checkpoint" / "training.jsonl").read_bytes().count(b"\n") == CONFIG.steps


def test_damaged_progress_of_hindsight_is_named_or_was_not_finished(made: Made) -> None:
    place = progress_path(made.folder / "hindsight" / "grown")
    content, rng, named = place.read_bytes(), random.Random(1), 0
    whole = made.read_hindsight()
    assert isinstance(whole, list)
    for number in range(60):
        place.write_bytes(DAMAGES[number % len(DAMAGES)](content, rng))
        problem, found = attempt(made.read_hindsight)
        assert not problem or (f"{place}, line " in problem and "to begin anew" in problem)
        assert problem or (isinstance(found, list) and all(one in whole for one in found))
        named += bool(problem)
    assert named > 20
