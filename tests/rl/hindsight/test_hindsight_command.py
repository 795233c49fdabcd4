"""`negosim rl hindsight` and `negosim rl export`: what they print, and what they refuse."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from negosim.cli import main
from negosim.rl import simulate

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main(["rl", *map(str, arguments)])
        assert isinstance(stopped.value.code, int)
        return stopped.value.code, *capsys.readouterr()

    return command


@pytest.fixture
def corpus() -> Path:
    simulate("donation", "traj", dialogues=8, split="train")
    return Path("traj")


def rows(file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(file).read_text("utf-8").splitlines()]


def test_it_grows_a_set_and_says_what_came_of_it(run: Run, corpus: Path) -> None:
    code, out, err = run("hindsight", corpus, "--out", "grown", "--factor", "2.5", "--hard-share", "0")
    assert (code, err) == (0, "")
    assert "20 trajectories in grown/trajectories.jsonl: 20 train" in out
    assert "regenerated 12 of 12 wanted (forward model: 12 standard)" in out
    assert "controller embedded, forward embedded, reward embedded" in out
    assert not list(Path().glob("*.progress*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["traj", "--out", "traj"], "'traj' is not an empty folder"),
        (["nothing", "--out", "g"], "no trajectories at 'nothing'"),
        (["traj", "--out", "g", "--factor", "1"], "factor must be above 1"),
        (["traj", "--out", "g", "--hard-share", "2"], "--hard-share"),
        (["traj", "--out", "g", "--controller", "nobody"], "nobody"),
        (["traj", "--out", "g", "--forward", "policy:nowhere"], "nowhere"),
        (["traj", "--out", "g", "--reward-model", "policy:nowhere"], "a policy completes dialogues"),
        (["traj", "--out", "g", "--reward-model", "sim"], "no chat model"),
        (["traj", "--out", "g", "--hard-forward", "policy:x"], "goes with --forward policy:PATH only"),
    ],
)
def test_what_the_user_can_mend_is_one_message(
    arguments: list[str], message: str, run: Run, corpus: Path
) -> None:
    code, out, err = run("hindsight", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
    assert not Path("g").exists()
    assert not list(Path().glob("g.*"))


def test_exports_are_what_trl_reads(run: Run, corpus: Path) -> None:
    run("hindsight", corpus, "--out", "grown", "--factor", "3")
    assert run("export", "grown", "--to", "sft", "--out", "sft.jsonl")[:2] == (0, "24 rows in sft.jsonl\n")
    for row in rows("sft.jsonl"):
        assert set(row) == {"messages"}
        roles = [message["role"] for message in row["messages"]]
        assert roles[0] == "system"
        assert all({a, b} == {"user", "assistant"} for a, b in pairwise(roles[1:]))

    code, out, _ = run("export", "grown", "--to", "dpo", "--out", "dpo.jsonl")
    pairs = rows("dpo.jsonl")
    assert (code, out.splitlines()[0]) == (0, f"{len(pairs)} rows in dpo.jsonl")
    left_out = sum(int(line.split()[2]) for line in out.splitlines() if line.startswith("left out"))
    assert len(pairs) + left_out == 16
    grown = {one["id"]: one for one in rows("grown/trajectories.jsonl")}
    expected = [
        one
        for one in grown.values()
        if one["ancestry"] and one["reward"] >= grown[one["ancestry"]["parent"]]["reward"]
    ]
    assert len(expected) == len(pairs)
    for row, one in zip(pairs, expected, strict=True):
        parent, turn = grown[one["ancestry"]["parent"]], one["ancestry"]["turn"]
        assert set(row) == {"prompt", "chosen", "rejected"}
        assert row["chosen"] == [{"role": "assistant", "content": one["ancestry"]["suggestion"]}]
        assert row["rejected"] == [{"role": "assistant", "content": parent["turns"][turn]["text"]}]
        assert [message["content"] for message in row["prompt"]] == [
            parent["system"],
            *(said["text"] for said in parent["turns"][:turn]),
        ]

    assert run("export", "grown", "--to", "kto", "--out", "kto.jsonl")[0] == 0
    singles = rows("kto.jsonl")
    assert {key for row in singles for key in row} == {"prompt", "completion", "label"}
    for label, side in ((True, "chosen"), (False, "rejected")):
        found = {json.dumps([row["prompt"], row["completion"]]) for row in singles if row["label"] is label}
        assert found == {json.dumps([row["prompt"], row[side]]) for row in pairs}
    assert len({json.dumps(row) for row in singles}) == len(singles)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["traj", "--to", "dpo", "--out", "f"], "traj' has none; make them with: negosim rl hindsight"),
        (["traj", "--to", "sft", "--out", "f", "--split", "test"], "no trajectories of the split 'test'"),
        (["traj", "--to", "sft", "--out", "traj/card.json"], "is there already"),
        (["traj", "--to", "grpo", "--out", "f"], "--to"),
        (["nothing", "--to", "sft", "--out", "f"], "no trajectories at 'nothing'"),
    ],
)
def test_an_export_that_cannot_be_leaves_nothing(
    arguments: list[str], message: str, run: Run, corpus: Path
) -> None:
    code, _, err = run("export", *arguments)
    assert code == 2
    assert message in err
    assert not Path("f").exists()
    assert not list(Path().glob(".f*"))


def test_a_regeneration_without_its_original_is_named(run: Run, corpus: Path) -> None:
    run("hindsight", corpus, "--out", "grown", "--factor", "2")
    place = Path("grown/trajectories.jsonl")
    lines = place.read_text("utf-8").splitlines(keepends=True)
    place.write_text("".join(lines[1:]), "utf-8")
    Path("grown/card.json").unlink()  # it has the checksum
    code, _, err = run("export", "grown", "--to", "dpo", "--out", "f")
    assert code == 2
    assert "its original 'run-donation-0-donation.honest.0000-agent-1' is not among the trajectories" in err


def test_an_export_says_that_the_assistant_begins_and_can_fold_the_opening(run: Run, corpus: Path) -> None:
    code, _, err = run("export", corpus, "--to", "sft", "--out", "plain.jsonl")
    assert code == 0
    assert "8 of 8 rows begin with the assistant" in err
    assert "--begin user" in err
    assert run("export", corpus, "--to", "sft", "--begin", "user", "--out", "folded.jsonl")[::2] == (0, "")
    for plain, folded in zip(rows("plain.jsonl"), rows("folded.jsonl"), strict=True):
        system, *turns = plain["messages"]
        opening, *rest = folded["messages"]
        assert rest == turns
        assert opening["role"] == "user"
        assert opening["content"] == f"{system['content']}\n\n(The conversation begins.)"
        roles = [message["role"] for message in folded["messages"]]
        assert all(role == ("user", "assistant")[n % 2] for n, role in enumerate(roles))


def test_pairs_can_be_folded_too(run: Run, corpus: Path) -> None:
    run("hindsight", corpus, "--out", "grown", "--factor", "2.5", "--hard-share", "0")
    run("export", "grown", "--to", "dpo", "--begin", "user", "--out", "pairs.jsonl")
    assert all(row["prompt"][0]["role"] == "user" for row in rows("pairs.jsonl"))
