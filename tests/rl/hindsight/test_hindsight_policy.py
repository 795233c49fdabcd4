"""Forward models trained here: batched, ended by their mark, refused where they know one side only."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from negosim.errors import UserError
from negosim.rl import Trajectory, TrajectoryTurn, simulate
from negosim.rl._ends import mark_end, read_end
from negosim.rl.hindsight import DiscardedError, Prefix, Step
from negosim.seeding import Seed

pytest.importorskip("torch")

from negosim.rl.hindsight import _policy_forward as module
from negosim.rl.policy import PolicyReply

TURNS = (TrajectoryTurn(role="agent", text="Hello."),)


class Talker:
    """Stands in for a policy: says its seed's parity and the turn, and ends after some turns."""

    def __init__(self, ends_after: int = 4, complete: bool = True, text: str | None = None) -> None:
        self.batches: list[tuple[int, str]] = []
        self._ends_after, self._complete, self._text = ends_after, complete, text

    def reply(self, prefixes: Any, *, seeds: Any, speaker: str, sampling: Any = None) -> list[PolicyReply]:
        self.batches.append((len(prefixes), speaker))
        return [
            PolicyReply(
                self._text
                if self._text is not None
                else f"{speaker} {len(one.turns)}" + (" [end]" if len(one.turns) > self._ends_after else ""),
                self._complete,
            )
            for one in prefixes
        ]


def forward(monkeypatch: pytest.MonkeyPatch, talker: Talker) -> module.PolicyForward:
    monkeypatch.setattr(module, "_loaded", lambda path: talker)
    return module.PolicyForward("some/forward", None)


def prefix(room: int = 19) -> Prefix:
    return Prefix(None, {}, TURNS, room, "p")


async def many(made: module.PolicyForward, count: int, room: int = 19) -> list[Any]:
    steps = [Step(Seed(0, "p", number)) for number in range(count)]
    return await asyncio.gather(*(made.complete(prefix(room), step, hard=False) for step in steps))


def test_dialogues_are_completed_side_by_side_until_they_say_they_are_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    talker = Talker()
    made = forward(monkeypatch, talker)
    assert made.name == "policy:forward"
    found = asyncio.run(many(made, 10))
    assert all(
        [turn.role for turn in one.turns] == ["user", "agent", "user", "agent", "user"] for one in found
    )
    assert all(one.ended and one.turns[-1].text == "user 5" for one in found)
    assert len(talker.batches) <= 7
    assert max(size for size, _ in talker.batches) >= 9


def test_the_cap_ends_what_does_not_end_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = asyncio.run(many(forward(monkeypatch, Talker(ends_after=99)), 1, room=4))
    assert len(one.turns) == 4
    assert not one.ended


@pytest.mark.parametrize(
    ("talker", "reason"), [(Talker(complete=False), "cut off"), (Talker(text=""), "without words")]
)
def test_turns_that_cannot_be_used_discard_the_dialogue(
    talker: Talker, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DiscardedError, match=reason):
        asyncio.run(many(forward(monkeypatch, talker), 1))


def test_ends_are_marked_and_read() -> None:
    turns = (*TURNS, TrajectoryTurn(role="user", text="Bye."))
    whole = Trajectory(id="a", source="s", turns=turns, reward=0)
    assert mark_end(whole).turns[-1].text == "Bye. [end]"
    cut = whole.model_copy(update={"terminal": False})
    assert mark_end(cut) == cut
    assert read_end("Bye. [end]") == ("Bye.", True)
    assert read_end("Bye. [ end ]") == ("Bye.", True)
    assert read_end("the [end] is near") == ("the [end] is near", False)


def test_a_policy_of_one_side_is_refused(tmp_path: Path) -> None:
    from negosim.rl import read_trajectories
    from negosim.rl.hindsight import regenerate
    from negosim.rl.policy import PolicyContext
    from negosim.rl.training import BC, Forward, TrainConfig, train

    simulate("donation", tmp_path / "traj", dialogues=6, split="train")
    data = list(read_trajectories(tmp_path / "traj"))
    for algorithm in (BC(), Forward()):
        config = TrainConfig(algorithm=algorithm, model="tiny:1x32", steps=1, batch_size=2)
        train(data, tmp_path / algorithm.algo, config)
    with pytest.raises(UserError, match="trained with --algo bc and knows the agent's side only"):
        regenerate(tmp_path / "traj", tmp_path / "a", forward=f"policy:{tmp_path / 'bc'}")
    policy = module._loaded(str(tmp_path / "forward"))
    (said,) = policy.reply([PolicyContext((("agent", "Hello."),))], seeds=[1], speaker="user")
    assert said.text
