"""Regeneration with chat models: what is asked, what is kept, what is discarded and counted."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from negosim.errors import BudgetError, ModelError, ProtocolError, UserError
from negosim.models import Budget, ChatRequest, ScriptedModel
from negosim.rl import Card, Origin, Trajectory, read_trajectories, write_trajectories
from negosim.rl.hindsight import regenerate

Scripted = Callable[..., ScriptedModel]
Grow = Callable[..., Card]


def products(folder: Path) -> list[Trajectory]:
    return [one for one in read_trajectories(folder) if one.ancestry is not None]


def test_the_set_grows_by_the_factor_and_originals_stay_as_they_are(
    grow: Grow, scripted: Scripted, donations: list[Trajectory], tmp_path: Path
) -> None:
    card = grow(scripted(), factor=5)
    found = list(read_trajectories(tmp_path / "grown"))
    assert found[:6] == donations
    assert (len(found), card.trajectories, card.regenerated) == (30, 30, 24)
    assert all(one.ancestry is not None and one.reward == 1.0 for one in found[6:])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cwd", "grown", "traj"]


def test_a_product_is_the_dialogue_up_to_the_replacement_then_the_completion(
    grow: Grow, scripted: Scripted, donations: list[Trajectory], tmp_path: Path
) -> None:
    grow(scripted(), factor=3, hard_share=0.5)
    by_id = {one.id: one for one in donations}
    kinds = set()
    for one in products(tmp_path / "grown"):
        ancestry = one.ancestry
        assert ancestry is not None
        parent, turn = by_id[ancestry["parent"]], ancestry["turn"]
        assert one.turns[:turn] == parent.turns[:turn]
        assert one.turns[turn].text == ancestry["suggestion"]
        assert one.turns[turn].text.startswith("Better")  # without the label that the model put before it
        assert ancestry["quoted"].casefold() == parent.turns[turn].text.casefold()
        assert one.turns[turn + 1].text.startswith("All right")
        assert all(a.role != b.role for a, b in pairwise(one.turns))
        assert one.split == parent.split
        assert one.meta == {"task": "donation"}  # nothing of how the original ended, or of its user
        assert ancestry["controller"] == ancestry["forward"] == ancestry["reward_model"] == "scripted"
        kinds.add(ancestry["forward_kind"])
    assert kinds == {"standard", "hard"}


@pytest.mark.parametrize(("share", "kind"), [(0.0, "standard"), (1.0, "hard")])
def test_the_hard_share_decides_which_forward_model_completes(
    share: float, kind: str, grow: Grow, scripted: Scripted, tmp_path: Path
) -> None:
    model = scripted()
    card = grow(model, factor=2, hard_share=share)
    assert card.origin.settings["hindsight"]["forward_kinds"] == {kind: 6}
    asked = [request for request in model.requests if request.schema_name == "ForwardAnswer"]
    assert all(("hard to move" in request.messages[0].content) == (kind == "hard") for request in asked)
    # The lowest quarter of five dialogues for training is one, of worth 0.
    if kind == "hard":
        assert all("$" not in request.messages[0].content for request in asked)


def test_no_model_is_shown_how_the_original_went_on(
    grow: Grow, scripted: Scripted, donations: list[Trajectory]
) -> None:
    model = scripted()
    grow(model, factor=5)
    for request in model.requests:
        if request.schema_name != "ForwardAnswer":
            continue
        prefix = request.messages[1].content
        (number,) = {
            one.id[1:] for one in donations if f"worker number {one.id[1:]}." in request.messages[1].content
        } or {None}
        assert "I decide" not in prefix
        if number is not None:
            assert f"number {number}." not in request.messages[0].content


def test_each_place_of_a_review_is_taken_once_then_another_review_is_asked_for(
    grow: Grow, scripted: Scripted, tmp_path: Path
) -> None:
    model = scripted()
    grow(model, factor=5)
    assert (
        sum(request.schema_name == "ControllerAnswer" for request in model.requests) == 12
    )  # 2 for 4 products each
    taken = [
        (one.ancestry["parent"], one.ancestry["review"], one.ancestry["place"])
        for one in products(tmp_path / "grown")
        if one.ancestry
    ]
    assert len(set(taken)) == len(taken) == 24


def test_concurrency_changes_nothing(grow: Grow, scripted: Scripted, tmp_path: Path) -> None:
    grow(scripted(), out=tmp_path / "one", concurrency=1)
    grow(scripted(), out=tmp_path / "many", concurrency=7)
    first, second = (tmp_path / name / "trajectories.jsonl" for name in ("one", "many"))
    assert first.read_bytes() == second.read_bytes()


def test_another_seed_makes_other_regenerations(grow: Grow, scripted: Scripted, tmp_path: Path) -> None:
    grow(scripted(), out=tmp_path / "one", seed=1)
    grow(scripted(), out=tmp_path / "two", seed=2)
    assert products(tmp_path / "one") != products(tmp_path / "two")


def test_prompts_share_their_beginning(grow: Grow, scripted: Scripted) -> None:
    model = scripted()
    grow(model, factor=3)
    for stage in ("ControllerAnswer", "Finished", "DonationAnswer"):
        assert len({r.messages[0].content for r in model.requests if r.schema_name == stage}) == 1


def test_the_reward_model_is_shown_the_examples_of_the_paper(grow: Grow, scripted: Scripted) -> None:
    model = scripted()
    grow(model, factor=2)
    fixed = {request.schema_name: request.messages[0].content for request in model.requests}
    assert fixed["Finished"].count("Finished: yes") >= 2
    assert fixed["Finished"].count("Finished: no") == 3
    assert [line for line in fixed["DonationAnswer"].splitlines() if line.startswith("Dollars given")] == [
        f"Dollars given: {amount}" for amount in (0, 0, 0, 1, 2)
    ]


def quoting_nobody(request: ChatRequest) -> Any:
    return {"places": [{"said": "I own a green parrot.", "why": "", "better": "I own two."}] * 3}


def test_a_quote_that_nobody_said_is_discarded_and_counted(
    grow: Grow, scripted: Scripted, tmp_path: Path
) -> None:
    calls = 0

    def first_wrong(request: ChatRequest) -> Any:
        nonlocal calls
        calls += 1
        good = {"said": "Would you give something of your pay", "why": "", "better": "Let me tell you more."}
        return {"places": [*quoting_nobody(request)["places"][:1], good]}

    card = grow(scripted(ControllerAnswer=first_wrong), factor=2)
    assert card.dropped["suggestion: what it quotes is no turn of the agent"] == calls == 6
    assert all(one.ancestry and one.ancestry["turn"] == 4 for one in products(tmp_path / "grown"))
    assert any("d0, review 1" in problem for problem in card.problems)


def test_a_suggestion_that_says_the_same_is_discarded(grow: Grow, scripted: Scripted) -> None:
    said = "Would you give something of your pay, donor {}?"

    def same(request: ChatRequest) -> Any:
        number = next(n for n in range(6) if f"worker number {n}." in request.messages[1].content)
        text = said.format(number)
        other = {"said": text, "why": "", "better": "Let us talk about the children first."}
        return {"places": [{"said": text, "why": "", "better": f"{text}!"}, other]}

    card = grow(scripted(ControllerAnswer=same), factor=2)
    assert card.dropped == {"suggestion: it says what was said": 6}


def test_unfinished_dialogues_are_dropped_counted_and_made_up_for(
    grow: Grow, scripted: Scripted, tmp_path: Path
) -> None:
    asked = 0

    def every_other(request: ChatRequest) -> Any:
        nonlocal asked
        asked += 1
        return {"finished": asked % 2 == 0}

    card = grow(scripted(Finished=every_other), factor=2)
    assert len(products(tmp_path / "grown")) == 6
    assert card.dropped["reward: the dialogue is unfinished"] == asked - 6


def test_nonsense_is_asked_again_then_counted(grow: Grow, scripted: Scripted) -> None:
    def two_in_a_row(request: ChatRequest) -> Any:
        if "twice in a row" in request.messages[1].content:
            return {"lines": [{"speaker": "user", "text": f"No, {request.seed}."}], "ended": True}
        return {"lines": [{"speaker": "agent", "text": "Well?"}], "ended": True}

    card = grow(scripted(ForwardAnswer=two_in_a_row), factor=2)
    assert card.dropped == {}

    with pytest.raises(ProtocolError, match="forward model: no usable answer"):
        grow(scripted(ForwardAnswer=lambda request: "nonsense"), factor=2, out=Path("never"))
    assert not Path("never").exists()


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([("user", "Hm.")], id="stops before the end"),
        pytest.param([("user", "Hm."), ("agent", "So?")] * 20, id="longer than the cap"),
    ],
)
def test_a_completion_must_come_to_an_end_within_the_cap(
    lines: list[tuple[str, str]], grow: Grow, scripted: Scripted
) -> None:
    answer = {"lines": [{"speaker": s, "text": t} for s, t in lines], "ended": False}
    with pytest.raises(ProtocolError, match="forward model: no usable answer"):
        grow(scripted(ForwardAnswer=lambda request: answer), factor=2)


def test_a_dialogue_at_its_cap_is_over(grow: Grow, scripted: Scripted, tmp_path: Path) -> None:
    def to_the_cap(request: ChatRequest) -> Any:
        room = int(request.messages[1].content.split("in at most ")[1].split()[0])
        texts = [{"speaker": ("user", "agent")[n % 2], "text": f"{n} {request.seed}"} for n in range(room)]
        return {"lines": texts, "ended": False}

    grow(scripted(ForwardAnswer=to_the_cap), factor=2)
    assert {(len(one.turns), one.terminal) for one in products(tmp_path / "grown")} == {(20, True)}


def test_a_controller_that_never_answers_leaves_nothing_behind(
    grow: Grow, scripted: Scripted, tmp_path: Path
) -> None:
    with pytest.raises(ProtocolError, match="controller: no usable answer"):
        grow(scripted(ControllerAnswer=lambda request: "I would rather not"), factor=2)
    with pytest.raises(ProtocolError, match="no turn of the agent"):
        grow(scripted(ControllerAnswer=quoting_nobody), factor=2, seed=0, out=tmp_path / "other")
    assert not (tmp_path / "grown").exists()


def test_regenerations_with_the_same_words_are_kept_once(grow: Grow, scripted: Scripted) -> None:
    same = {"lines": [{"speaker": "user", "text": "$1.00."}], "ended": True}
    card = grow(scripted(ForwardAnswer=lambda request: same), factor=5)
    # Three places of each of six dialogues, of which three openings are the same as three others.
    assert card.regenerated == 15
    assert card.dropped["the regeneration has the words of another dialogue"] > 0
    assert card.origin.settings["hindsight"]["wanted"] == 24


def test_a_provider_that_fails_now_and_then_is_counted(grow: Grow, scripted: Scripted) -> None:
    asked = 0

    def shaky(request: ChatRequest) -> Any:
        nonlocal asked
        asked += 1
        return ModelError("gone") if asked == 3 else {"dollars": 0.5}

    card = grow(scripted(DonationAnswer=shaky), factor=2)
    assert card.dropped == {"a provider failed": 1}
    assert card.regenerated == 6


def test_a_provider_that_is_gone_stops_the_run(grow: Grow, scripted: Scripted) -> None:
    gone = ModelError("the key is refused")
    gone.fault = "key"
    with pytest.raises(ModelError, match="refused"):
        grow(scripted(ForwardAnswer=lambda request: gone), factor=2)


def test_the_budget_holds(grow: Grow, scripted: Scripted, tmp_path: Path) -> None:
    with pytest.raises(BudgetError):
        grow(scripted(), factor=2, budget=Budget(tokens=20_000))
    assert not (tmp_path / "grown").exists()
    assert (tmp_path / "grown.progress.jsonl").exists()


def test_counselling_asks_for_the_final_intensity(
    scripted: Scripted, grow: Grow, donations: list[Trajectory], tmp_path: Path
) -> None:
    meta = {
        "task": "support",
        "initial_intensity": 5,
        "final_intensity": 3,
        "problem_type": "job crisis",
        "situation": "I was let go.",
    }
    seekers = [one.model_copy(update={"meta": meta, "reward": 2.0}) for one in donations]
    origin = Origin(source="made", task="support", licence="none", reward="points")
    write_trajectories(tmp_path / "support", seekers, origin)

    def review(request: ChatRequest) -> Any:
        said = "It would mean a lot to them and to number"
        return {"places": [{"said": said, "why": "", "better": "How do you feel?"}]}

    model = scripted(ControllerAnswer=review)
    grow(model, source=tmp_path / "support", factor=2)
    assert {one.reward for one in products(tmp_path / "grown")} == {3.0}  # 5 before, 2 after
    made = products(tmp_path / "grown")[0]
    assert "final_intensity" not in made.meta
    assert made.meta["initial_intensity"] == 5
    asked = next(r for r in model.requests if r.schema_name == "ForwardAnswer").messages[1].content
    assert "job crisis" in asked
    assert "I was let go." in asked
    assert "in at most 24 lines" in asked  # 31 in all, 7 are there
    intensity = next(r for r in model.requests if r.schema_name == "Intensity")
    assert intensity.messages[0].content.count("Intensity before: 5\nIntensity after: 3") == 5
    assert "Intensity before: 5" in intensity.messages[1].content


def test_any_other_task_is_scored_by_example(
    scripted: Scripted, grow: Grow, donations: list[Trajectory], tmp_path: Path
) -> None:
    others = [one.model_copy(update={"meta": {"task": "negotiation"}}) for one in donations]
    origin = Origin(source="run", task="negotiation", licence="none", reward="points")
    write_trajectories(tmp_path / "run", others, origin)

    def review(request: ChatRequest) -> Any:
        assert "Persuade them." in request.messages[1].content  # the brief
        said = "It would mean a lot to them and to number"
        return {"places": [{"said": said, "why": "", "better": "Take it. [offer: price=2]"}]}

    model = scripted(ControllerAnswer=review, ScoreAnswer=lambda request: {"finished": True, "score": 1.5})
    grow(model, source=tmp_path / "run", factor=2)
    assert {one.reward for one in products(tmp_path / "grown")} == {1.5}
    wrong = scripted(ControllerAnswer=review, ScoreAnswer=lambda request: {"finished": True, "score": 99})
    with pytest.raises(ProtocolError, match="reward model: no usable answer"):
        grow(wrong, source=tmp_path / "run", factor=2, out=tmp_path / "other")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"factor": 1.0}, "factor must be above 1"),
        ({"hard_share": 1.5}, "from 0 to 1"),
        ({"concurrency": 0}, "at least 1"),
        ({"controller": "policy:here"}, "a policy completes dialogues"),
        ({"hard_forward": "policy:here"}, "goes with --forward policy:PATH only"),
        ({"controller": "sim"}, "no chat model"),
    ],
)
def test_wrong_arguments_are_told_before_anything_is_made(
    options: dict[str, Any], message: str, grow: Grow, scripted: Scripted, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=message):
        grow(scripted(), **options)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cwd", "traj"]


def test_a_grown_set_is_not_grown_again(grow: Grow, scripted: Scripted, tmp_path: Path) -> None:
    grow(scripted(), factor=2)
    with pytest.raises(UserError, match="has been grown already"):
        grow(scripted(), source=tmp_path / "grown", out=tmp_path / "more")
    with pytest.raises(UserError, match="not an empty folder"):
        grow(scripted(), factor=2)


def test_embedded_back_ends_are_for_their_tasks(donations: list[Trajectory], tmp_path: Path) -> None:
    others = [one.model_copy(update={"meta": {"task": "campsite"}}) for one in donations]
    write_trajectories(tmp_path / "casino", others, Origin(source="c", licence="none", reward="points"))
    with pytest.raises(UserError, match="no embedded controller for the task 'campsite'"):
        regenerate(tmp_path / "casino", tmp_path / "out")


def test_parquet_stays_parquet(
    grow: Grow, scripted: Scripted, donations: list[Trajectory], tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow")
    origin = Origin(source="made", task="donation", licence="none", reward="dollars")
    write_trajectories(tmp_path / "columns", donations, origin, format="parquet")
    card = grow(scripted(), source=tmp_path / "columns", factor=2)
    assert card.file == "trajectories.parquet"
    assert len(products(tmp_path / "grown")) == 6
