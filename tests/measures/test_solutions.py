"""Solutions of bargaining, by hand and by what they promise."""

import numpy as np
import pytest

from negosim.measures import SOLUTIONS, Solutions
from negosim.scenarios import list_scenarios, load_scenario


class Space:
    """Four deals of two roles; the last gives role 2 less than no deal does."""

    values = np.array([[8.0, 2.0], [5.0, 4.0], [4.0, 5.0], [14.0, 0.0]])
    outcomes = values
    reservations = np.array([0.0, 1.0])
    best_joint = 14.0


def test_each_solution_by_hand() -> None:
    found = Solutions.among(Space())  # type: ignore[arg-type]
    chosen = {name: values.tolist() for name, values in found.outcomes.items()}
    assert chosen == {
        "nash": [[4.0, 5.0]],  # products 8, 15, 16
        "kalai_smorodinsky": [[5.0, 4.0]],  # least shares 1/4, 5/8, 1/2 of (8, 4)
        "egalitarian": [[4.0, 5.0]],  # least gains 1, 3, 4
        "utilitarian": [[8.0, 2.0]],  # 14 in all is no deal for role 2
    }
    assert found.distances(np.array([5.0, 4.0]))["kalai_smorodinsky_distance"] == 0
    distance = found.distances(np.array([5.0, 4.0]))["nash_distance"]
    assert distance == pytest.approx(np.hypot(1 / 10, 1 / 5))
    assert found.joint_gain(np.array([5.0, 4.0])) == pytest.approx((9 - 1) / (14 - 1))
    assert found.joint_gain(Space.reservations) == 0


@pytest.mark.parametrize("name", [name for name in list_scenarios() if load_scenario(name).has_deals])
def test_solutions_of_the_scenarios_are_efficient_and_rational(name: str) -> None:
    space = load_scenario(name).space
    found = Solutions.among(space)
    assert set(found.outcomes) == set(SOLUTIONS)
    for solution, chosen in found.outcomes.items():
        assert (chosen >= space.reservations - 1e-9).all(), solution
        dominated = [(space.outcomes > each + 1e-9).all(axis=1).any() for each in chosen]
        assert not any(dominated), solution
