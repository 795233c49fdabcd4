"""Whose agreement makes a deal, in which order roles speak: what is right in a file, and what follows."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negosim.outcome import outcome_of
from negosim.records import Utterance
from negosim.scenarios import AgreementRule, check_scenario, load_scenario
from negosim.table import table_after

MILL = load_scenario("heron-mill")


@pytest.mark.parametrize(
    ("changed", "place", "said"),
    [
        ({"agreement": {"includes": ["miller"]}}, "agreement.includes", "'miller' is no role"),
        ({"agreement": {"at_least": 4}}, "agreement.at_least", "4 are more than the 3 roles"),
        ({"agreement": {}}, "agreement", "say who has to agree"),
        ({"agreement": "most"}, "agreement", "write all, majority, {at_least: 2} or {includes: [role]}"),
        ({"order": {"chair": "miller"}}, "order", "'miller' is no role"),
        ({"order": "chair"}, "order", "write round_robin, random or chair:ROLE"),
        ({"schema_version": 1}, "side_messages", "is known since version 2"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(changed: dict[str, Any], place: str, said: str) -> None:
    data = MILL.model_dump(mode="json", exclude_none=True) | changed
    scenario, problems = check_scenario(data)
    assert scenario is None
    found = [problem for problem in problems if ".".join(map(str, problem.where)).startswith(place)]
    assert any(said in problem.what for problem in found), problems


def test_two_roles_have_nobody_to_keep_a_message_from() -> None:
    data = load_scenario("viatex").model_dump(mode="json", exclude_none=True)
    _, problems = check_scenario(data | {"schema_version": 2, "side_messages": True})
    assert [problem.where for problem in problems] == [("side_messages",)]


@pytest.mark.parametrize(
    ("agreement", "coalitions"),
    [
        ("all", [(0, 1, 2)]),
        ("majority", [(0, 1, 2), (0, 1), (0, 2), (1, 2)]),
        ({"at_least": "majority", "includes": ["owner", "bakery"]}, [(0, 1, 2), (0, 1)]),
    ],
)
def test_the_coalitions_of_a_rule(agreement: Any, coalitions: list[tuple[int, ...]]) -> None:
    data = MILL.model_dump(mode="json", exclude_none=True) | {"agreement": agreement}
    scenario, problems = check_scenario(data)
    assert scenario, problems
    assert list(scenario.rule.coalitions) == coalitions


@given(st.integers(2, 6), st.data())
def test_who_can_make_a_deal_can_make_it_with_more(roles: int, data: st.DataObject) -> None:
    needed = data.draw(st.integers(2, roles))
    veto = frozenset(data.draw(st.sets(st.integers(0, roles - 1), max_size=needed)))
    rule = AgreementRule(roles, needed, veto)
    parties = data.draw(st.sets(st.integers(0, roles - 1)))
    more = parties | data.draw(st.sets(st.integers(0, roles - 1)))
    assert not rule.met_by(parties) or rule.met_by(more)
    for role in range(roles):
        for smallest in rule.smallest(role):
            assert rule.met_by(set(smallest))
            assert not any(rule.met_by(set(smallest) - {other}) for other in smallest)


@given(st.integers(0, len(MILL.space) - 1), st.sampled_from(MILL.rule.coalitions))
def test_who_is_left_out_keeps_its_reservation_value(number: int, coalition: tuple[int, ...]) -> None:
    deal = MILL.space.deal(number)
    said = [(coalition[0], Utterance(text="This.", action="offer", offer=deal))]
    said += [(role, Utterance(text="Yes.", action="accept")) for role in coalition[1:]]
    outcome = outcome_of(MILL, table_after(MILL, said))
    assert outcome.coalition == coalition
    assert outcome.values is not None
    for role in range(3):
        own = MILL.value(role, deal) if role in coalition else MILL.space.reservations[role]
        assert outcome.values[role] == pytest.approx(own)
    assert outcome.nash_ratio is None or 0 <= outcome.nash_ratio <= 1 + 1e-9
    assert outcome.joint_value is not None
    assert outcome.joint_value <= MILL.space.best_joint + 1e-9
    better = (MILL.space.outcomes >= np.array(outcome.values) - 1e-9).all(axis=1)
    better &= (MILL.space.outcomes > np.array(outcome.values) + 1e-9).any(axis=1)
    assert (outcome.pareto_distance or 0) > 1e-9 or not better.any()
