"""Measures, rewards and priors of scenario files: what is read, what is refused, and how it is said."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from negosim.scenarios import check_scenario, list_scenarios, load_scenario


@pytest.fixture
def talk() -> dict[str, Any]:
    """A sound scenario of version 2 that settles nothing, as parsed from its file."""
    role = {"brief": "You have a view.", "interests": ["quiet"], "position": "neighbour"}
    return {
        "schema_version": 2,
        "id": "talk",
        "title": "A talk",
        "source": "Made up for the tests.",
        "summary": "Two neighbours talk.",
        "context": "The council asks for views.",
        "claim": "The square should be closed to cars.",
        "opener": "ada",
        "issues": [],
        "measures": [
            {
                "id": "stance",
                "asked_of": ["ada", "ben"],
                "when": ["before", "after"],
                "question": "How far do you agree?",
                "answer": "scale",
                "scale": {"0": "not at all", "10": "fully"},
            },
            {
                "id": "gift",
                "asked_of": "ben",
                "when": "after",
                "question": "How much do you give?",
                "answer": "number",
                "range": {"min": 0, "max": 2, "step": 0.01, "prefix": "$", "decimals": 2},
            },
            {
                "id": "mood",
                "asked_of": "ben",
                "when": "each_turn",
                "question": "How are you?",
                "answer": "choice",
                "options": [{"id": "calm", "label": "calm"}, {"id": "cross", "label": "cross"}],
            },
            {"id": "done", "asked_of": "ada", "when": "after", "question": "Is it?", "answer": "yes_no"},
        ],
        "roles": [
            {**role, "id": "ada", "name": "Ada", "priors": {"stance": 8}, "reward": "after.gift"},
            {**role, "id": "ben", "name": "Ben", "priors": {"stance": 2}, "reward": "after.stance"},
        ],
    }


def messages(data: object) -> list[str]:
    return [str(problem) for problem in check_scenario(data)[1]]


def test_a_sound_file_is_read(talk: dict[str, Any]) -> None:
    scenario, problems = check_scenario(talk)
    assert problems == []
    assert scenario is not None
    stance, gift, mood, done = scenario.measures
    assert gift.asked_of == ("ben",)
    assert gift.when == ("after",)
    assert [gift.parse(given) for given in (0.5, "$1.25", "2")] == [0.5, 1.25, 2]
    assert (stance.parse(10.0), mood.parse("Calm"), done.parse(False)) == (10, "calm", False)
    assert (stance.label(10), gift.label(0.5), mood.label("cross"), done.label(True)) == (
        "10 (fully)",
        "$0.50",
        "cross",
        "yes",
    )
    assert scenario.roles[0].reward is not None
    assert not scenario.has_deals


@pytest.mark.parametrize(
    ("measure", "given"),
    [
        (0, 11),
        (0, 3.5),
        (0, True),
        (0, "10"),
        (1, 0.005),
        (1, -1),
        (1, None),
        (2, "glad"),
        (3, 1),
        (3, "yes"),
    ],
)
def test_what_is_no_answer_is_told_what_would_be(talk: dict[str, Any], measure: int, given: object) -> None:
    scenario = check_scenario(talk)[0]
    assert scenario is not None
    asked = scenario.measures[measure]
    with pytest.raises(ValueError, match="give ") as caught:
        asked.parse(given)
    assert repr(given) in str(caught.value)
    assert asked.wanted in str(caught.value)


def put(path: str, value: object) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        *parts, last = (int(part) if part.isdigit() else part for part in path.split("."))
        for part in parts:
            data = data[part]
        data[last] = value

    return change


FAULTS = {
    "roles.1.reward": [
        (put("roles.0.reward", "after.gifts"), "there is no measure 'gifts'; there are before.stance"),
        (put("roles.0.reward", "before.gift"), "'gift' is not asked before"),
        (put("roles.0.reward", "own"), "'own' is a deal's value, and there are no issues"),
        (put("roles.0.reward", "carl.after.stance"), "write ada.after.stance or ben.after.stance"),
        (put("roles.0.reward", "2 ** 9"), "is not allowed"),
        (put("roles.0.reward", "__import__('os')"), "is not allowed"),
        (put("roles.0.reward", {"expression": "1", "function": "f"}), "and not both"),
        (put("roles.0.reward", "last.mood"), "is text"),
        (put("roles.0.reward", "1 + last.mood"), "'last.mood' is text, which can only be compared"),
        (put("roles.0.reward", "max(1, last.mood)"), "'last.mood' is text, which can only be compared"),
        (put("roles.0.reward", "-last.mood"), "'last.mood' is text, which can only be compared"),
        (put("roles.0.reward", "1 if last.mood else 0"), "'last.mood' is text, which can only be compared"),
        (put("roles.0.reward", "1 if after.gift else 'no'"), "is text"),
        (put("roles.0.reward", "last.mood == 'calmer'"), "is never 'calmer'; it is calm or cross"),
        (put("roles.0.reward", "'Calm' != last.mood"), "is never 'Calm'; it is calm or cross"),
        (put("roles.0.reward", "last.mood == after.gift"), "'last.mood' is text and 'after.gift' is none"),
        (put("roles.0.reward", "after.gift == 'much'"), "\"'much'\" is text and 'after.gift' is none"),
        (put("roles.0.reward", "last.mood < 'cross'"), "can only be compared by == and !="),
        (put("roles.0.reward", "1 if mean.mood == 'calm' else 0"), "a choice has no mean"),
    ],
    "roles.1.priors.stance": [(put("roles.0.priors.stance", 12), "a whole number from 0 to 10")],
    "roles.1.priors.gift": [(put("roles.0.priors.gift", 1), "'gift' is not asked of 'ada'")],
    "roles.1.payoff": [
        (put("roles.0.payoff", {"reservation": 0, "target": 1, "issues": {}}), "there are no issues to value")
    ],
    "measures.1.asked_of.2": [(put("measures.0.asked_of", ["ada", "eve"]), "no role 'eve'")],
    "measures.1.id": [(put("measures.0.id", "how-far"), "single underscores")],
    "measures.2.id": [(put("measures.1.id", "stance"), "used twice")],
    "measures.2.range": [(put("measures.1.range", None), "needs 'range'")],
    "measures.2.range.step": [(put("measures.1.range.step", 0.3), "choose a step")],
    "measures.1.options": [
        (put("measures.0.options", [{"id": "a", "label": "a"}, {"id": "b", "label": "b"}]), "remove it")
    ],
    "measures.1.when.1": [(put("measures.0.when", ["never"]), "'before', 'after' or 'each_turn'")],
    "claim": [(put("measures.0.when", "before"), "asked before and after")],
    "issues": [(put("schema_version", 1), "give at least 1, or 'schema_version: 2'")],
    "roles.2.priors": [(put("schema_version", 1), "is known since version 2")],
    "measures": [(put("schema_version", 1), "is known since version 2")],
}


@pytest.mark.parametrize("place", FAULTS)
def test_each_fault_is_told_where_it_is(place: str, talk: dict[str, Any]) -> None:
    for change, expected in FAULTS[place]:
        data = copy.deepcopy(talk)
        change(data)
        told = [message for message in messages(data) if message.startswith(f"{place}: ")]
        assert any(expected in message for message in told), messages(data)


def test_text_that_is_compared_well_is_let_through(talk: dict[str, Any]) -> None:
    for sound in (
        "1 if last.mood == 'calm' else ada.after.done",
        "('cross' != last.mood) * abs(after.gift) - 0.5",
        "after.gift if (last.mood if after.gift else 'calm') == 'calm' else -1",
        "min(mean.mood2, last.mood2)",
    ):
        data = copy.deepcopy(talk)
        data["measures"].append({**data["measures"][1], "id": "mood2", "when": "each_turn"})
        data["roles"][0]["reward"] = sound
        assert messages(data) == []


def test_version_1_is_written_as_it_was() -> None:
    newer = {"claim", "measures", "max_turns", "reward", "priors", "simulated"}
    for name in list_scenarios():
        scenario = load_scenario(name)
        if scenario.schema_version == 1:
            written = scenario.model_dump(mode="json")
            assert not newer & {*written, *(key for role in written["roles"] for key in role)}
