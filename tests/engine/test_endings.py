"""When roles are asked whether they have concluded, and what comes of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from negosim import Dialogue, RunConfig, generate
from negosim.models import ChatRequest, ScriptedModel

Player = Callable[..., ScriptedModel]
DEAL = {
    "unit-price": 0.12,
    "contract-term": 24,
    "payment-term": 60,
    "proposals": "framework",
    "bottle-design": "current",
}


def played(model: ScriptedModel, out: Path, **settings: Any) -> Dialogue:
    given = {"scenarios": "viatex", "models": "m", "planner": "direct", "max_turns": 10}
    (dialogue,) = generate(RunConfig(**given | settings), out=out, chat_models={"m": model}, cache=False)
    return dialogue


def offering(*terms: int | None) -> Callable[[ChatRequest], Any]:
    """Offer a contract of so many months in turn, or talk where None; then only talk."""
    queue, said = list(terms), iter(range(1000))

    def speak(request: ChatRequest) -> Any:
        term = queue.pop(0) if queue else None
        offer = None if term is None else {**dict.fromkeys(DEAL), "contract-term": term}
        move = {"action": "talk" if offer is None else "offer", "offer": offer}
        return {"utterance": f"Words {next(said)}.", "move": move}

    return speak


def test_a_talk_that_all_call_over_with_issues_open_is_abandoned(player: Player, tmp_path: Path) -> None:
    model = player(Speak=offering(12), ConcludeAnswer={"concluded": True})
    dialogue = played(model, tmp_path / "run")
    assert (dialogue.end, dialogue.outcome.status, len(dialogue.turns)) == ("concluded", "abandoned", 6)
    asked = model.requests[-1].messages[-1].content
    assert "Still open: Unit price, Contract length" in asked
    assert "to conclude now is to end without one" in asked


@pytest.mark.parametrize(
    ("terms", "after"),
    [
        ((), [5, 7, 9]),
        ((12, 24, 36, 48, 12, 24), [5, 7, 9]),
        ((12, None, 24, None, 36, None, 48, None), [9]),
    ],
)
def test_votes_are_asked_after_rounds_without_progress(
    player: Player, tmp_path: Path, terms: tuple[int | None, ...], after: list[int]
) -> None:
    dialogue = played(player(Speak=offering(*terms)), tmp_path / "run")
    assert [vote.after_turn for vote in dialogue.votes] == after
    assert dialogue.outcome.status == ("no_agreement" if terms else "unknown")


def test_every_round_on_request(player: Player, tmp_path: Path) -> None:
    dialogue = played(player(Speak=offering()), tmp_path / "run", votes="always")
    assert [vote.after_turn for vote in dialogue.votes] == [1, 3, 5, 7, 9]


@pytest.mark.parametrize("form", ["score", "compare"])
def test_equal_scores_are_marked_and_the_seed_decides(player: Player, tmp_path: Path, form: Any) -> None:
    def same(request: ChatRequest) -> Any:
        fields = request.schema["properties"]
        places = [name for name in fields if name.startswith("place")]
        scores = {name: {"reason": "Equal.", "score": 7} for name in fields if name not in places}
        return {name: f"candidate_{number}" for number, name in enumerate(places, 1)} | scores

    dialogue = played(player(Judge=same), tmp_path / "run", planner="rollout", judge_form=form, max_turns=6)
    assert all("tied" in turn.marks for turn in dialogue.turns)
    assert len({turn.chosen for turn in dialogue.turns}) > 1
