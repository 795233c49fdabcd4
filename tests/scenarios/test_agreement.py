"""Brief and payoff say the same, and where they do not, `scenarios validate` says so."""

from pathlib import Path

import pytest
import yaml

from negosim.cli import main
from negosim.scenarios import Scenario, check_scenario, disagreements, list_scenarios, load_scenario

ALL = sorted(name for name in list_scenarios() if load_scenario(name).has_deals)


def told(brief: str, name: str = "camp-lemonnier", role: int = 1) -> Scenario:
    """Return a scenario whose role has another brief, and no secrets."""
    data = load_scenario(name).model_dump(mode="json", exclude_none=True)
    data["roles"][role] |= {"brief": brief, "secrets": []}
    scenario, problems = check_scenario(data)
    assert scenario, problems
    return scenario


@pytest.mark.parametrize("name", ALL)
def test_brief_and_payoff_of_a_built_in_scenario_agree(name: str) -> None:
    assert disagreements(load_scenario(name)) == []


@pytest.mark.parametrize("name", ALL)
def test_a_built_in_scenario_has_a_day(name: str) -> None:
    assert load_scenario(name).today is not None


@pytest.mark.parametrize(
    ("brief", "says"),
    [
        ("You may pay up to $70 million a year.", "goes to $80 million a year on the annual payment"),
        ("You may pay at most seventy million dollars a year.", "goes to $80 million a year"),
        ("The lease must run for at least fifteen years.", "goes to 5 years on the length of the lease"),
        ("The annual payment matters most.", "26% of what is at stake, others up to 32%"),
        ("The length of the lease troubles you least.", "32% of what is at stake, others down to 8%"),
        ("The local package is almost as important.", "16% of what is at stake, the most important one 32%"),
    ],
)
def test_a_brief_that_says_something_else_is_found(brief: str, says: str) -> None:
    (found,) = disagreements(told(brief))
    assert found.startswith("united-states: ")
    assert says in found
    assert brief in found


@pytest.mark.parametrize(
    "brief",
    [
        "You may pay up to $80 million a year.",
        "You may pay up to $70 million a year, more only if the lease is long.",
        "The lease costs $40 million a year.",
        "The length of the lease matters most.",
        "Aid is what troubles you least.",
        "What matters most is sleep.",
        "The lease and the payment matter most.",
    ],
)
def test_what_agrees_or_cannot_be_read_is_left_alone(brief: str) -> None:
    assert disagreements(told(brief)) == []


def test_validate_warns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = told("You may pay up to $70 million a year.").model_dump(mode="json", exclude_none=True)
    place = tmp_path / "camp-lemonnier.yaml"
    place.write_text(yaml.safe_dump(data))
    with pytest.raises(SystemExit) as stopped:
        main(["scenarios", "validate", str(place)])
    out, err = capsys.readouterr()
    assert stopped.value.code == 0
    assert "ok: 2 roles" in out
    assert "warning: brief and payoff may disagree: united-states: the payoff goes to $80 million" in err
