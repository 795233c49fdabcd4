import pytest

from negosim.rl._outlier import outlier_note


def named(*rewards: float) -> dict[str, float]:
    return {f"d{number}": reward for number, reward in enumerate(rewards)}


@pytest.mark.parametrize(
    "rewards",
    [(), (5.0,), (0.0, 0.0, 5.0), (1.0, 2.0, 3.0, 10.0), (-1.0, 1.0, -9.0), (0.01,) * 10 + (0.1,) * 3],
)
def test_usual_rewards_are_no_outliers(rewards: tuple[float, ...]) -> None:
    assert outlier_note(named(*rewards)) is None


@pytest.mark.parametrize("slip", [5000.0, -5000.0, 23.0])
def test_a_slip_is_named_with_what_to_do(slip: float) -> None:
    note = outlier_note(named(0.0, 1.0, -2.0, 1.5, slip, 0.5))
    assert note is not None
    assert f"the reward of d4 is {slip:g}" in note
    assert "within 2" in note
    assert "--reward MODULE:FUNCTION" in note
