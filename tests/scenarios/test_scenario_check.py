"""Checking scenarios: every problem at once, with line and remedy; never anything but a clean refusal."""

import copy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from negosim.plugins import PluginError, Problem
from negosim.scenarios import check_scenario, load_scenario

HERE = Path(__file__).parent


def messages(data: object) -> list[str]:
    scenario, problems = check_scenario(data)
    assert (scenario is None) == bool(problems)
    return [str(problem) for problem in problems]


def test_a_sound_scenario_has_no_problems(bike: dict[str, Any]) -> None:
    scenario, problems = check_scenario(bike)
    assert problems == []
    assert scenario is not None
    assert scenario.id == "bike"


def test_every_problem_of_a_file_is_told_at_once_with_its_line(
    snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(HERE)
    with pytest.raises(PluginError) as caught:
        load_scenario("broken.yaml")
    assert str(caught.value) == snapshot


def at(data: Any, path: str) -> tuple[Any, Any]:
    """Return the container and the key of the last part of a path like `roles.0.payoff.target`."""
    *parts, last = (int(part) if part.isdigit() else part for part in path.split("."))
    for part in parts:
        data = data[part]
    return data, last


def put(path: str, value: object) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        container, key = at(data, path)
        container[key] = value

    return change


def drop(path: str) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        container, key = at(data, path)
        del container[key]

    return change


FAULTS: dict[str, tuple[Callable[[Any], None], str]] = {
    "no brief": (drop("roles.0.brief"), "roles.1.brief: missing; this field is required"),
    "misspelt field": (
        put("roles.0.breif", "x"),
        "roles.1.breif: unknown field; check its spelling or remove it",
    ),
    "blank text": (put("title", "  "), "title: must not be empty"),
    "number for text": (put("title", 12), "title: must be text; put it in quotes: '12'"),
    "truth for text": (
        put("issues.1.options.0.id", True),
        "issues.2.options.1.id: must be text; put it in quotes: 'true'",
    ),
    "capital id": (
        put("roles.0.id", "The Seller"),
        "roles.1.id: use lower-case letters, digits and single hyphens, as in 'unit-price', not 'The Seller'",
    ),
    "one role": (drop("roles.1"), "roles: give at least 2, not 1"),
    "no issues": (
        put("issues", []),
        "issues: give at least 1, or 'schema_version: 2', which does without",
    ),
    "one option": (
        drop("issues.1.options.1"),
        "issues.2.options: give at least 2, not 1",
    ),
    "same role id": (put("roles.1.id", "seller"), "roles.2.id: 'seller' is used twice; ids must differ"),
    "same issue id": (put("issues.1.id", "price"), "issues.2.id: 'price' is used twice; ids must differ"),
    "same option id": (
        put("issues.1.options.1.id", "pick-up"),
        "issues.2.options.2.id: 'pick-up' is used twice; ids must differ",
    ),
    "ambiguous label": (
        put("issues.1.options.1.label", "Pick-up"),
        "issues.2.options.2.label: 'Pick-up' could also mean the option 'pick-up'; "
        "give each option its own label",
    ),
    "same name": (
        put("roles.1.name", "Ada"),
        "roles.1.name: 'Ada' is the name of two roles; give each its own",
    ),
    "same question id": (
        put("resolution", [{"id": "q", "text": "a"}, {"id": "q", "text": "b"}]),
        "resolution.2.id: 'q' is used twice; ids must differ",
    ),
    "options and range": (
        put("issues.0.options", [{"id": "a", "label": "a"}, {"id": "b", "label": "b"}]),
        "issues.1: give either 'options' or 'range', and not both",
    ),
    "no values": (drop("issues.1.options"), "issues.2: give either 'options' or 'range', and not both"),
    "empty range": (put("issues.0.range.max", 100), "issues.1.range.max: must be above min (100), not 100"),
    "uneven step": (
        put("issues.0.range.step", 30),
        "issues.1.range.step: steps of 30 from 100 do not end at 200; choose a step that divides 100",
    ),
    "no step": (
        put("issues.0.range.step", 0),
        "issues.1.range.step: Input should be greater than or equal to 0.000001, not 0",
    ),
    "too few decimals": (
        put("issues.0.range.step", 0.25),
        "issues.1.range.decimals: 0 decimals cannot write 0.25; set decimals to 2",
    ),
    "beyond numbers": (
        put("issues.0.range.max", float("inf")),
        "issues.1.range.max: Input should be less than or equal to 1000000000000, not inf",
    ),
    "unknown opener": (
        put("opener", "bystander"),
        "opener: 'bystander' is no role; choose one of seller, buyer",
    ),
    "fact both true and untrue": (
        put("roles.0.facts", [{"text": "We ship.", "true": True}, {"text": "we  ship!", "true": False}]),
        "roles.1.facts.2.text: stands as true in roles.1.facts.1.text already; keep one of the two",
    ),
    "true fact among fabrications": (
        lambda data: data["roles"][0].update(
            fabrications={"deadline": ["It is gone."]}, facts=[{"text": "It is gone", "true": True}]
        ),
        "roles.1.facts.1.text: stands as untrue in roles.1.fabrications.deadline.1 already; "
        "keep one of the two",
    ),
    "unknown argument issue": (
        put("roles.0.arguments.prise", ["x"]),
        "roles.1.arguments.prise: there is no issue 'prise'; the issues are price, delivery",
    ),
    "unknown question issue": (
        put("resolution.0.issue", "prise"),
        "resolution.1.issue: there is no issue 'prise'; the issues are price, delivery",
    ),
    "unknown payoff issue": (
        put("roles.0.payoff.issues.prise", {"a": 1}),
        "roles.1.payoff.issues.prise: there is no issue 'prise'; the issues are price, delivery",
    ),
    "payoff lacks issue": (
        drop("roles.0.payoff.issues.price"),
        "roles.1.payoff.issues: no points for issue 'price'; every issue needs them for every role",
    ),
    "payoff lacks option": (
        drop("roles.0.payoff.issues.delivery.bring"),
        "roles.1.payoff.issues.delivery: no points for option 'bring'",
    ),
    "payoff of no option": (
        put("roles.0.payoff.issues.delivery.drone", 3),
        "roles.1.payoff.issues.delivery.drone: issue 'delivery' has no option 'drone'; it has pick-up, bring",
    ),
    "points of an option are no number": (
        put("roles.0.payoff.issues.delivery.bring", "many"),
        "roles.1.payoff.issues.delivery.bring: Input should be a valid number, "
        "unable to parse string as a number, not 'many'",
    ),
    "options priced by number": (
        put("roles.0.payoff.issues.delivery", [[0, 1], [1, 2]]),
        "roles.1.payoff.issues.delivery: issue 'delivery' has options: "
        "map each of pick-up, bring to its points",
    ),
    "range priced by option": (
        put("roles.0.payoff.issues.price", {"cheap": 1}),
        "roles.1.payoff.issues.price: issue 'price' is numeric: give a list of [value, points]",
    ),
    "payoff is text": (
        put("roles.0.payoff.issues.price", "high"),
        "roles.1.payoff.issues.price: "
        "give the points of each option, or a list of [value, points], not 'high'",
    ),
    "payoff too short": (
        put("roles.0.payoff.issues.price", [[100, 0], [190, 70]]),
        "roles.1.payoff.issues.price: covers 100 to 190, but the issue runs from 100 to 200; "
        "add the missing [value, points]",
    ),
    "payoff not ascending": (
        put("roles.0.payoff.issues.price", [[200, 0], [100, 70]]),
        "roles.1.payoff.issues.price: give at least two [value, points], values ascending",
    ),
    "target below reservation": (
        put("roles.0.payoff.target", 10),
        "roles.1.payoff.target: must not be below the reservation value (20), not 10",
    ),
    "reservation out of reach": (
        put(
            "roles.0.payoff",
            {
                "reservation": 101,
                "target": 101,
                "issues": {"price": [[0, 0], [200, 70]], "delivery": {"pick-up": 30, "bring": 0}},
            },
        ),
        "roles.1.payoff.reservation: no deal reaches 101: the best one gives 100; "
        "lower the reservation value or raise the points",
    ),
    "target out of reach": (
        put("roles.0.payoff.target", 101),
        "roles.1.payoff.target: no deal reaches 101: the best one gives 100; "
        "lower the target or raise the points",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_told_where_it_is_and_what_would_be_right(name: str, bike: dict[str, Any]) -> None:
    change, expected = FAULTS[name]
    change(bike)
    assert expected in messages(bike)


def test_a_single_fault_in_a_text_gives_a_single_problem(bike: dict[str, Any]) -> None:
    for name in (
        "no brief",
        "misspelt field",
        "blank text",
        "target out of reach",
        "too few decimals",
        "payoff is text",
    ):
        data = copy.deepcopy(bike)
        FAULTS[name][0](data)
        assert messages(data) == [FAULTS[name][1]]


def test_a_fault_in_a_text_hides_no_fault_in_the_payoff(bike: dict[str, Any]) -> None:
    for name in (
        "no brief",
        "misspelt field",
        "payoff lacks option",
        "payoff too short",
        "unknown argument issue",
    ):
        FAULTS[name][0](bike)
    del bike["issues"][0]["name"]
    assert sorted(messages(bike)) == sorted(
        [
            "issues.1.name: missing; this field is required",
            *(
                FAULTS[name][1]
                for name in ("no brief", "misspelt field", "payoff lacks option", "payoff too short")
            ),
            FAULTS["unknown argument issue"][1],
        ]
    )


@pytest.mark.parametrize("content", [None, 12, "text", [], [{"id": "bike"}]])
def test_what_is_no_mapping_is_refused(content: object) -> None:
    assert len(messages(content)) == 1
    assert "schema_version: 2" in messages(content)[0]


def test_a_huge_range_is_refused_before_it_is_laid_out(bike: dict[str, Any]) -> None:
    bike["issues"][0]["range"] = {"min": -1e12, "max": 1e12, "step": 1e-6, "decimals": 6}
    begun = time.process_time()
    found = messages(bike)
    assert time.process_time() - begun < 1
    assert any("complete deals are too many to analyse" in message for message in found)


def leaves_and_branches(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(place for key, value in items for place in leaves_and_branches(value, (*path, key)))]


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(10**400),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=5) | st.sampled_from(["id", "options", "range", "payoff"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_part_replaced_by_anything_gives_problems_or_a_scenario(
    data: st.DataObject, bike: dict[str, Any]
) -> None:
    changed = copy.deepcopy(bike)
    for _ in range(data.draw(st.integers(1, 3))):
        *parents, last = data.draw(st.sampled_from(leaves_and_branches(changed)[1:]))
        container = changed
        for part in parents:
            container = container[part]
        container[last] = data.draw(plain)
    scenario, problems = check_scenario(changed)
    assert (scenario is None) == bool(problems)
    assert all(isinstance(problem, Problem) and str(problem) for problem in problems)
    if scenario is not None:
        assert len(scenario.space) > 0


@given(plain)
def test_any_content_gives_problems_or_a_scenario(content: object) -> None:
    scenario, problems = check_scenario(content)
    assert scenario is None
    assert problems


def test_content_that_contains_itself_is_refused(bike: dict[str, Any]) -> None:
    bike["issues"][0]["options"] = bike["issues"]
    bike["roles"][0]["payoff"]["issues"] = bike["roles"][0]
    assert messages(bike)
