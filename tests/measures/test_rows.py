"""Rows read from stored runs: what they say of finished, failed, mixed and partial dialogues."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from negosim import Run, RunConfig, UserError, generate
from negosim.measures import belief_rows, dialogue_rows, judged_rows, offer_rows, tactic_rows
from negosim.records import Claim, Condition, Dialogue, Failure, Judgement, Outcome, Sheet, Turn, Utterance
from negosim.scenarios import Scenario, load_scenario
from negosim.store._judgements import SheetWriter


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Run:
    config = RunConfig(
        scenarios=("viatex", "rose-lane"),
        dialogues=3,
        conditions=("honest", "deceptive-2"),  # type: ignore[arg-type]
    )
    return generate(config, out=tmp_path_factory.mktemp("measured") / "run")


@pytest.fixture
def run(tmp_path: Path, simulated: Run) -> Run:
    """Return a run without dialogues."""
    return Run.create(tmp_path / "run", simulated.header)


@pytest.fixture(scope="module")
def viatex() -> Scenario:
    return load_scenario("viatex")


def dialogue(*said: tuple[int, Utterance], **changed: Any) -> Dialogue:
    turns = tuple(Turn(index=place, role=role, utterance=one) for place, (role, one) in enumerate(said))
    usual = {
        "id": "viatex.honest.0000",
        "scenario": "viatex",
        "index": 0,
        "seed": 0,
        "condition": Condition(),
        "opener": 0,
        "models": ("m", "m"),
        "status": "complete",
        "end": "max_turns",
        "turns": turns,
        "votes": (),
        "outcome": Outcome(status="unknown"),
    }
    return Dialogue.model_validate({**usual, **changed})


def stored(run: Run, *dialogues: Dialogue) -> Run:
    with run.writing() as writer:
        for one in dialogues:
            writer.append(one)
    return run


def test_rows_of_dialogues_agree_with_the_record(simulated: Run) -> None:
    rows = dialogue_rows(simulated)
    known = simulated.to_frame()
    assert len(rows) == 12
    assert Counter(rows["condition"]) == {"honest": 6, "deceptive-2": 6}
    for name in (
        "id",
        "scenario",
        "index",
        "turns",
        "outcome",
        "end",
        "model_1",
        "value_2",
        "joint_value",
        "usd",
    ):
        assert rows[name].tolist() == known[name].tolist(), name
    for row, played in zip(rows.to_dict("records"), simulated, strict=True):
        lies = sum(not claim.true for turn in played.turns for claim in turn.claims)
        assert row["false_claims"] == lies
        shares = np.array(list(Counter(turn.tactic for turn in played.turns).values())) / len(played.turns)
        assert row["tactic_entropy"] == pytest.approx(-(shares * np.log2(shares)).sum())
        assert row["agreed"] == (played.outcome.status == "agreement")
        assert 0 < row["repetition_between"] < 1


def test_a_failed_dialogue_has_a_cost_and_nothing_else(run: Run) -> None:
    failure = Failure(turn=1, role=0, stage="speak", error="ProtocolError", message="cut off")
    failed = dialogue(
        (0, Utterance(text="Well, then.")), status="failed", end="failed", failure=failure, seconds=2
    )
    row = dialogue_rows(stored(run, failed)).iloc[0]
    unknown = ("turns", "outcome", "agreed", "value_1", "joint_value", "rational", "words", "repetition")
    for name in (*unknown, "false_claims", "tactic_entropy", "repetition_between", "distinct_1"):
        assert pd.isna(row[name]), name
    assert (row["status"], row["end"], row["seconds"], row["usd"]) == ("failed", "failed", 2, 0)
    assert tactic_rows(run).empty
    assert offer_rows(run).empty


def test_unknown_outcomes_and_models_claims_are_missing_not_zero(run: Run) -> None:
    row = dialogue_rows(stored(run, dialogue((0, Utterance(text="Deal!"))))).iloc[0]
    assert (row["outcome"], row["turns"], row["words"]) == ("unknown", 1, 1)
    for name in ("agreed", "joint_value", "rational", "false_claims", "tactic_entropy", "repetition"):
        assert pd.isna(row[name]), name


def test_false_claims_are_known_where_all_speakers_know(run: Run) -> None:
    claims = tuple(Claim(subject="fact", quote="Well", true=true) for true in (True, False, False))
    turn = Turn(index=0, role=0, utterance=Utterance(text="Well."), claims=claims)
    both = [
        dialogue(turns=(turn,), id=f"d{n}", models=m) for n, m in enumerate((("sim", "sim"), ("sim", "m")))
    ]
    found = dialogue_rows(stored(run, *both))["false_claims"]
    assert found[0] == 2
    assert pd.isna(found[1])


def test_tactics_are_counted_by_agent(simulated: Run) -> None:
    rows = tactic_rows(simulated)
    assert rows["count"].sum() == sum(len(played.turns) for played in simulated)
    assert set(rows[rows["deceptive"]]["condition"]) == {"deceptive-2"}
    assert set(rows[rows["deceptive"]]["agent"]) == {1}
    first = next(iter(simulated))
    wanted = Counter((turn.role, turn.tactic) for turn in first.turns)
    own = rows[rows["dialogue"] == first.id]
    assert {(a, t): c for a, t, c in own[["agent", "tactic", "count"]].itertuples(index=False)} == wanted


def test_offers_are_worth_what_the_scenario_says(run: Run, viatex: Scenario) -> None:
    space = viatex.space
    best = int(space.values[:, 0].argmax())
    whole = space.deal(best)
    first, *rest = whole
    said = (
        (0, Utterance(text="All.", action="offer", offer=whole)),
        (1, Utterance(text="Only this.", action="offer", offer={first: whole[first]})),
        (0, Utterance(text="Fine.", action="accept")),
        (1, Utterance(text="And these.", action="offer", offer={issue: whole[issue] for issue in rest})),
    )
    rows = offer_rows(stored(run, dialogue(*said)))
    assert rows["turn"].tolist() == [0, 1, 3]
    assert rows["agent"].tolist() == [0, 1, 1]
    assert rows["complete"].tolist() == [True, False, True]
    assert rows["own_value"][0] == pytest.approx(space.values[best, 0])
    assert rows["other_value"][0] == pytest.approx(space.values[best, 1])
    assert rows["own_share"][0] == pytest.approx(1)
    assert pd.isna(rows["own_value"][1])
    assert rows["own_value"][2] == pytest.approx(space.values[best, 1])
    low, high = space.reservations[1], space.values[:, 1].max()
    assert rows["own_share"][2] == pytest.approx((space.values[best, 1] - low) / (high - low))


def judge(run: Run, *sheets: Sheet) -> Run:
    writer = SheetWriter(run.path)
    for sheet in sheets:
        writer.append(sheet)
    writer.close()
    return run


def sheet(*judgements: Judgement, **changed: Any) -> Sheet:
    usual = {
        "dialogue": "viatex.honest.0000",
        "questions": "beliefs",
        "perspective": "agent_1",
        "judge": "m",
        "fingerprint": "f",
        "judgements": judgements,
    }
    return Sheet.model_validate({**usual, **changed})


def belief(scenario: Scenario, turn: int, reservation: float | None, shares: list[float]) -> list[Judgement]:
    given = [("belief-reservation", reservation)]
    given += [(f"belief-priority-{issue.id}", s) for issue, s in zip(scenario.issues, shares, strict=True)]
    return [
        Judgement(
            question=name, agent=1, turn=turn, value=value, status="ok" if value is not None else "invalid"
        )
        for name, value in given
    ]


def test_beliefs_are_compared_with_the_truth(run: Run, viatex: Scenario) -> None:
    payoff = viatex.roles[1].payoff
    spans = [
        max(points) - min(points)
        for points in ([payoff.points(issue, value) for value in issue.values] for issue in viatex.issues)
    ]
    true = [span / sum(spans) for span in spans]
    turned = [true[0] - 0.1, true[1] + 0.1, *true[2:]]
    away = payoff.reservation + 0.25 * sum(spans)
    stored(run, dialogue((0, Utterance(text="Hello.")), (1, Utterance(text="Hello."))))
    judge(
        run,
        sheet(*belief(viatex, 0, away, turned), *belief(viatex, 1, None, true)),
        sheet(*belief(viatex, 2, payoff.reservation, true), repeat=1),
        sheet(*belief(viatex, 2, payoff.reservation, true), dialogue="gone"),
    )
    rows = belief_rows(run)
    assert rows["when"].tolist() == ["before", "during", "after"]
    assert rows["believer"].tolist() == [0, 0, 0]
    assert rows["about"].tolist() == [1, 1, 1]
    assert rows["reservation_error"].tolist() == pytest.approx([0.25, np.nan, 0], nan_ok=True)
    assert rows["priority_error"].tolist() == pytest.approx([0.1, 0, 0])
    least = sum(min(payoff.points(issue, value) for value in issue.values) for issue in viatex.issues)
    middle = abs(least + sum(spans) / 2 - payoff.reservation) / sum(spans)
    assert rows["reservation_prior"].tolist() == pytest.approx([middle] * 3)
    alike = sum(abs(share - 1 / len(true)) for share in true) / 2
    assert rows["priority_prior"].tolist() == pytest.approx([alike] * 3)


def test_a_priority_that_was_not_given_leaves_the_others_without_meaning(run: Run, viatex: Scenario) -> None:
    stored(run, dialogue((0, Utterance(text="Hello."))))
    given = belief(viatex, 0, 50, [0.1] * len(viatex.issues))
    judge(run, sheet(*given[:-1]))
    assert pd.isna(belief_rows(run)["priority_error"][0])


def test_judged_rows_know_their_dialogue_and_who_was_allowed_to_lie(run: Run) -> None:
    lying = dialogue((0, Utterance(text="Hi.")), id="d1", condition=Condition(deceptive=(1,)), index=7)
    stored(run, dialogue((0, Utterance(text="Hi."))), lying)
    asked = [Judgement(question="lies", agent=agent, status="ok", value=True) for agent in (0, 1)]
    asked.append(Judgement(question="agreement", status="refused"))
    judge(
        run,
        *(sheet(*asked, dialogue=name, questions="deception") for name in ("viatex.honest.0000", "d1", "no")),
    )
    judge(run, sheet(asked[0], questions="other"))
    rows = judged_rows(run)
    assert len(rows) == 7
    assert set(run.judgement_frame().columns) < set(rows.columns)
    own = rows[rows["dialogue"] == "d1"]
    assert own["deceptive"].tolist() == [False, True, pd.NA]
    assert set(own["condition"]) == {"deceptive-2"}
    assert set(own["index"]) == {7}
    assert set(own["scenario"]) == {"viatex"}
    assert own["value"].tolist() == [True, True, None]
    assert set(judged_rows(run, ["other"])["questions"]) == {"other"}


def test_an_empty_run_has_the_columns(run: Run, simulated: Run) -> None:
    stored(run)
    for read in (dialogue_rows, tactic_rows, offer_rows, belief_rows, judged_rows):
        empty, full = read(run), read(simulated)
        assert empty.empty
        assert list(empty.columns) == list(full.columns)


def test_a_broken_line_is_named(run: Run) -> None:
    stored(run, dialogue((0, Utterance(text="Hi."))))
    with (run.path / "dialogues.jsonl").open("a") as file:
        file.write('{"id": 5}\n')
    with pytest.raises(UserError, match=r"dialogues\.jsonl, line 2: "):
        dialogue_rows(run)
