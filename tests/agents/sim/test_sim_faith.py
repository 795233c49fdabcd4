"""Belief in what the other side says: strong words move more, the credulous more, and lies found out cost."""

from dataclasses import replace

import pytest

from negosim.agents.sim.beliefs import belief
from negosim.agents.sim.persona import persona_of
from negosim.agents.sim.plan import TurnPlan
from negosim.agents.sim.strength import strength_of
from negosim.scenarios import list_scenarios, load_scenario
from negosim.table import Table
from negosim.views import PublicTurn, view_of

VIATEX = load_scenario("viatex")
STRONG = (
    "Another bottle maker has sent me a signed offer that is better than yours, and I could sign it today."
)
WEAK = "I could go to another bottle maker, although it would probably be a lot of work for us."
FIGURE = "Without you I'd be sure of $0.09 a bottle."
ASKED = "Do you have that in writing? I'd want proof."
DODGED = "That's confidential, I'm afraid."
GENEROUS = VIATEX.space.deal(int(VIATEX.space.values[:, 0].argmin()))


@pytest.fixture
def plan_after(sides_of):
    """The seller's plan after some turns (role, text, offer), with a given credulity."""

    def make(turns, credulity: float) -> TurnPlan:
        side = sides_of(VIATEX, 3, (), 30)[1]
        persona = replace(persona_of(side.seed, 1), credulity=credulity, floor=0.5, fixed_pie=1.0)
        heard = [
            PublicTurn(index=number, role=role, text=text, action="offer" if offer else "talk", offer=offer)
            for number, (role, text, offer) in enumerate(turns)
        ]
        opening = view_of(side, [], Table(tuple(VIATEX.issue_by_id), 2))
        return TurnPlan(replace(opening, transcript=heard), persona)

    return make


def best_for_buyer():
    return VIATEX.space.deal(int(VIATEX.space.values[:, 0].argmax()))


def test_strong_words_move_the_hearer_further_than_weak_ones(plan_after):
    silent, weak, strong = (plan_after([(0, text, None)], 1.0) for text in ("Hello.", WEAK, STRONG))
    assert weak.wish(0.5) > silent.wish(0.5) > strong.wish(0.5)
    assert weak.floor >= silent.floor > strong.floor
    assert weak.faith[0].reservation < 0.5 < strong.faith[0].reservation


def test_a_figure_counts_by_what_it_would_be_worth(plan_after):
    good, poor = (
        plan_after([(0, f"Without you I'd be sure of {price} a bottle.", None)], 1.0)
        for price in ("$0.09", "$0.15")
    )
    assert good.faith[0].reservation > poor.faith[0].reservation
    assert good.wish(0.5) < poor.wish(0.5)


@pytest.mark.parametrize("text", [STRONG, FIGURE])
def test_the_credulous_give_more_than_the_sceptical_to_the_same_invented_claim(plan_after, text):
    wishes = [plan_after([(0, text, None)], credulity).wish(0.5) for credulity in (1.0, 0.0)]
    untold = plan_after([(0, "Hello.", None)], 0.0).wish(0.5)
    assert wishes[0] < wishes[1] == pytest.approx(untold)


@pytest.mark.parametrize(
    ("later", "kind"),
    [
        ([(1, ASKED, None), (0, DODGED, None)], "proof"),
        ([(1, "Hm.", None), (0, "Here is my offer.", GENEROUS)], "alternative"),
        ([(1, "Hm.", None), (0, "In truth, I have no other offer.", None)], "alternative"),
    ],
    ids=["no proof", "an offer below it", "told otherwise"],
)  # fmt: skip
def test_whoever_is_caught_loses_trust_and_what_the_lie_had_moved(plan_after, later, kind):
    told = [(0, "Let's begin.", best_for_buyer()), (1, "I see.", None), (0, STRONG, None)]
    before, after = (plan_after([*told, *rest], 0.9) for rest in ([], later))
    assert before.faith[0].caught is None
    assert after.faith[0].caught == kind
    assert after.trust < before.trust == 1.0
    assert after.wish(0.6) > before.wish(0.6)
    assert after.floor > plan_after([], 0.9).floor
    again = plan_after([*told, *later, (1, "Hm.", None), (0, "My deadline is tonight.", None)], 0.9)
    assert again.trust <= after.trust


def test_a_believed_alternative_enters_the_stated_belief(plan_after):
    views = [plan_after([(0, text, None)], 1.0).view for text in ("Hello.", STRONG)]
    plain, moved = (belief(view, 0)["reservation"] for view in views)
    assert moved >= plain


def test_invented_alternatives_and_deadlines_are_told_as_stronger_than_true_ones():
    roles = [role for name in list_scenarios() for role in load_scenario(name).roles]
    for kind in ("alternative", "deadline"):
        true, false = (
            [strength_of(kind, text) for role in roles for text in getattr(getattr(role, source), kind)]
            for source in ("disclosures", "fabrications")
        )
        assert sum(false) / len(false) > sum(true) / len(true) + 0.2
