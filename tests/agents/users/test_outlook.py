"""What a search goes by while a conversation is under way: the outlook of a simulated user."""

from negosim.agents.users import Line, Transcript, sim_user

GOOD = "Save the Children is rated highly by independent watchdogs, and ninety per cent goes to programmes."


def outlook(*said: str) -> float:
    lines = [line for text in said for line in (Line("agent", text), Line("user", "Well."))]
    return sim_user("donation", "philanthropic", 3).hear(Transcript("", None, lines[:-1])).outlook()


def test_an_appeal_that_fits_is_seen_before_anything_is_given() -> None:
    assert -1 <= outlook("Hello!") < outlook("Hello!", GOOD) <= 1


def test_being_pushed_is_seen_too() -> None:
    assert outlook("Hello!", "Give now. You must give.", "Give now, you must!") < outlook("Hello!")


def test_a_help_seeker_made_worse_is_worth_no_less_than_nothing() -> None:
    lines = [Line("user", "I lost my job."), Line("agent", "You are overreacting. Get over it.")]
    for number in range(6):
        user = sim_user("support", "job crisis", number)
        assert -1 <= user.hear(Transcript("", None, lines)).outlook() <= 1
