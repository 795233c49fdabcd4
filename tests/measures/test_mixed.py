"""The mixed model finds what was put in, agrees with the bootstrap, and says when it cannot be had."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nct, t

from negosim.judging import declarable_outcomes
from negosim.measures import difference, mixed_check, smallest_difference
from negosim.scenarios import load_scenario


def rows(
    scenarios: int = 8, seeds: int = 8, judges: int = 1, *, effect: float = 1.0, seed: int = 0
) -> pd.DataFrame:
    """Draw rows: deviations of 2 between scenarios, 1 between seeds, 0.5 within; judges are up to 3 apart."""
    rng = np.random.default_rng(seed)
    of_judges = np.linspace(-1.5, 1.5, judges)
    found = []
    for scenario in range(scenarios):
        base = rng.normal(0, 2)
        for index in range(seeds):
            own = base + rng.normal()
            for condition in ("honest", "deceptive-2"):
                for judge in range(judges):
                    y = own + effect * (condition != "honest") + of_judges[judge] + rng.normal(0, 0.5)
                    found.append((f"s{scenario}", index, condition, f"j{judge}", y))
    return pd.DataFrame(found, columns=["scenario", "index", "condition", "judge", "y"])


@pytest.mark.parametrize("scope", ["any", "these"])
def test_the_mixed_model_agrees_with_the_bootstrap(scope: str) -> None:
    frame = rows()
    mixed = mixed_check(frame, "y", a="honest", b="deceptive-2", scope=scope)
    boot = difference(frame, "y", a="honest", b="deceptive-2", scope=scope)
    assert mixed.value == pytest.approx(boot.value, abs=1e-6)
    assert mixed.high - mixed.low == pytest.approx(boot.high - boot.low, rel=0.35)
    assert mixed.p == pytest.approx(boot.p, abs=1e-3)
    assert mixed.low < 1 < mixed.high
    assert ("scenario" in mixed.variances) == (scope == "any"), "given scenarios have no variance"
    assert mixed.variances["seed"] == pytest.approx(1, rel=0.4)
    assert mixed.variances["rest"] == pytest.approx(0.25, rel=0.4)


def test_variance_is_found_where_it_is() -> None:
    shares = mixed_check(rows(seeds=5, judges=3), "y", a="honest", b="deceptive-2").shares
    assert set(shares) == {"scenario", "scenario x condition", "seed", "judge", "rest"}
    assert sum(shares.values()) == pytest.approx(1)
    assert min(shares["scenario"], shares["judge"]) > shares["seed"] / 2 > shares["scenario x condition"]
    alone = mixed_check(rows(), "y").shares
    assert alone["scenario"] > 0.5 > alone["rest"]


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (rows(scenarios=1, seeds=3), "3 seeds, 5 needed"),
        (rows().assign(y=1.0), "nothing varies"),
        (rows().query("condition == 'honest'"), "one group has no rows"),
        (rows().assign(y=np.nan), "no row has a value"),
    ],
)
def test_what_cannot_be_fitted_says_why(frame: pd.DataFrame, said: str) -> None:
    found = mixed_check(frame, "y", a="honest", b="deceptive-2")
    assert said in (found.note or "")
    assert found.value is None
    assert not found.shares


def test_seeds_that_do_not_repeat_are_not_told_from_the_rest() -> None:
    honest = rows(scenarios=1, seeds=9).query("condition == 'honest'")
    assert "cannot be told" in (mixed_check(honest, "y").note or "")


def test_more_rows_than_can_be_fitted_are_cut_by_seed_and_said() -> None:
    found = mixed_check(rows(scenarios=5, seeds=80), "y", a="honest", b="deceptive-2")
    assert found.n <= 600
    assert f"fitted to {found.n:,} of 800 rows" in (found.note or "")


def test_the_smallest_difference_is_shown_in_four_cases_of_five() -> None:
    found = difference(rows(effect=0.1), "y", a="honest", b="deceptive-2")
    for tests in (1, 4):
        smallest = smallest_difference(found, tests=tests)
        bound = t.ppf(1 - 0.05 / tests / 2, found.freedom)
        assert 1 - nct.cdf(bound, found.freedom, smallest / found.error) == pytest.approx(0.8, abs=1e-3)
    assert smallest_difference(difference(rows(scenarios=1, seeds=2), "y", a="honest", b="x")) is None


def test_outcomes_that_can_be_declared() -> None:
    names = declarable_outcomes([load_scenario("viatex")])
    assert {"agreed", "joint_value", "gain_2", "deception-degree:2", "agreement"} <= set(names)
    assert not {"id", "condition", "model_1", "outcome", "gain_3"} & set(names)
