"""The parts of the simulated negotiator: words, hearing, opponent model, bids, judge."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negosim.agents.sim import SimAgent, SimJudge
from negosim.agents.sim.bidding import Bidder, Constraints
from negosim.agents.sim.deals import deals_of
from negosim.agents.sim.hearing import words_and_ear
from negosim.agents.sim.opponent import estimate
from negosim.agents.sim.persona import persona_of
from negosim.agents.sim.reading import read
from negosim.agents.sim.spelling import spoken
from negosim.records import Rollout
from negosim.scenarios import Scenario, load_scenario
from negosim.seeding import Seed
from negosim.table import Table
from negosim.taxonomies import Tactic, Taxonomy, load_taxonomy
from negosim.views import PublicTurn, side_of, view_of

VIATEX = load_scenario("viatex")
BUYER, SELLER = VIATEX.roles
WORDS, EAR = words_and_ear(VIATEX.issues)
DEALS = deals_of(VIATEX.issues, BUYER.payoff)


def test_deals_agree_with_the_scenario_space():
    assert np.allclose(DEALS.value, VIATEX.space.values[:, 0])
    for number in (0, 17, len(DEALS.value) - 1):
        deal = VIATEX.space.deal(number)
        assert DEALS.number(deal) == number
        assert DEALS.deal(number) == deal
        assert DEALS.worth(deal) == pytest.approx(VIATEX.value(0, deal))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("I would rather wait, and we cannot pay.", "I'd rather wait, and we can't pay."),
        ("It is a fair price, as fair as it is high", "It's a fair price, as fair as it is high."),
        ("We have asked, but we have need of more.", "We've asked, but we have need of more."),
    ],
)
def test_sentences_are_spoken_with_contractions(written, said):
    assert spoken(written) == said


def test_values_are_named_so_that_the_issue_is_clear():
    assert WORDS.full["unit-price"][0.11] == "$0.11 a bottle"
    assert WORDS.full["contract-term"][24] == "24 months for the length of the contract"
    assert WORDS.brief["contract-term"][24] == "24 months"


def test_an_issue_is_not_named_in_full_twice_running():
    texts = [
        "I care about the payment term.",
        "Move on the payment term.",
        "Say 60 days for the payment term.",
    ]
    assert WORDS.lighter(texts, (), ()) == ["I care about the payment term.", "Move on that.", "Say 60 days."]
    assert WORDS.lighter(texts, {1}, [texts[2]])[1:] == texts[1:]


@pytest.mark.parametrize(
    ("text", "question", "asked"),
    [
        ("Thanks. What matters most to you?", "priority", None),
        ("I see. Why do you care about the payment term?", "reason", "payment-term"),
        ("Is there any room on the price per bottle?", "room", "unit-price"),
        ("Nice weather, isn't it?", "open", None),
        ("I can do 24 months.", None, None),
    ],
)
def test_questions_are_heard(text, question, asked):
    heard = EAR.hear(text)
    assert (heard.question, heard.asked) == (question, asked)


def test_priorities_and_limits_are_heard():
    heard = EAR.hear("What matters most to me is the payment term. I can't go below $0.12 a bottle.")
    assert heard.priorities == ("payment-term",)
    assert heard.limits == {"unit-price": 0.12}


def test_the_opponent_model_learns_what_is_held_on_to():
    held = {"unit-price": 0.15, "contract-term": 48, "payment-term": 30}
    given = [("framework", "shared-moulds"), ("quarterly", "shared-moulds"), ("quarterly", "lighter")]
    offers = [{**held, "proposals": process, "bottle-design": design} for process, design in given]
    guess = estimate(DEALS, (), {}, {})
    learnt = estimate(DEALS, offers, {}, {})
    weight = dict(zip(DEALS.ids, learnt.weights, strict=True))
    assert weight["contract-term"] > weight["bottle-design"]
    real = VIATEX.space.values[:, 1]
    assert np.corrcoef(learnt.value, real)[0, 1] > np.corrcoef(guess.value, real)[0, 1]
    stressed = estimate(DEALS, offers, {"bottle-design": 2}, {})
    assert stressed.ranking[0] == "bottle-design"


@given(aspiration=st.floats(0, 1), lowest=st.floats(0, 0.5), rank=st.integers(1, 3), settled=st.booleans())
def test_a_bid_keeps_its_constraints(aspiration, lowest, rank, settled):
    agreed = {"payment-term": 60} if settled else {}
    limits = {"unit-price": 0.12}
    partner = estimate(DEALS, (), {}, {}).value
    bidder = Bidder(DEALS, partner, Constraints(agreed, limits, (int(DEALS.order[-1]),), lowest), None, None)
    bid = bidder.bid(aspiration, rank)
    assert bid.utility >= lowest - 1e-9
    assert bid.number != int(DEALS.order[-1])
    assert bid.deal["unit-price"] <= 0.12
    assert not settled or bid.deal["payment-term"] == 60


@given(st.integers(0, 10**6), st.floats(0, 1), st.floats(0, 1))
def test_aspirations_fall_and_stay_above_the_reservation_value(index, early, late):
    side = sides(index)[0]
    persona = persona_of(side.seed, side.index)
    early, late = sorted((early, late))
    levels = [persona.floor, persona.aspiration(late), persona.aspiration(early), persona.opening]
    assert all(low <= high + 1e-9 for low, high in pairwise(levels))
    assert 0 < levels[0] < levels[-1] < 1


def sides(index: int = 0):
    return [
        side_of(
            VIATEX, role, deceptive=False, opener=0, max_turns=30, seed=Seed(1, "viatex", index),
            tactics=load_taxonomy("persuasion"), techniques=load_taxonomy("deception"),
        )
        for role in (0, 1)
    ]  # fmt: skip


def opening(side):
    return view_of(side, [], Table(tuple(VIATEX.issue_by_id), 2))


def test_an_offer_is_compared_with_a_complete_one_only():
    whole = DEALS.deal(int(DEALS.order[0]))
    better = DEALS.deal(int(DEALS.order[-1]))
    part = {"unit-price": whole["unit-price"]}

    def shift(*offers):
        turns = [
            PublicTurn(index=2 * place + 1, role=1, text="Well.", action="offer", offer=offer)
            for place, offer in enumerate(offers)
        ]
        return read(replace(opening(sides()[0]), transcript=turns), DEALS, EAR).shift

    assert shift(part, whole) is None
    assert shift(whole, part).gains == ()
    assert shift(part, whole, better).gains


def test_a_tactic_without_frames_is_put_in_neutral_words(run):
    own = Taxonomy(
        id="own",
        tactics=(
            Tactic(
                id="whistling", name="Whistling", definition="d", family="f", deceptive=False, example="e"
            ),
        ),
    )
    view = opening(replace(sides()[0], tactics=own))
    assert run(SimAgent().choose_tactics(view, 3)) == ["whistling"]
    speech = run(SimAgent().speak(view))
    assert len(speech.utterance.text.split()) >= 3
    assert speech.realised is False


def test_all_tactics_can_be_asked_for(run):
    view = opening(sides()[0])
    chosen = run(SimAgent().choose_tactics(view, 99))
    assert len(chosen) == len(set(chosen)) == sum(not t.deceptive for t in view.side.tactics.tactics)


def test_the_judge_reads_the_offer_in_words_it_did_not_write(run):
    view = opening(sides()[0])
    good, bad = (
        Rollout(tactic="framing", utterance=f"I'd pay {price} a bottle.", expected_reply="Hm.")
        for price in ("$0.09", "$0.15")
    )
    scores = run(SimJudge().score(view, [good, bad], "own", ()))
    assert "points" in scores[0].reason
    assert scores[0].reason != scores[1].reason


def test_the_oracle_view_uses_the_real_payoffs(play):
    own = play(VIATEX, 3, oracle=False)
    oracle = play(VIATEX, 3, oracle=True)
    assert [r.score for t in own.turns for r in t.rollouts] != [
        r.score for t in oracle.turns for r in t.rollouts
    ]


@pytest.mark.parametrize("planner", ["reflect", "direct"])
def test_other_planners_speak_too(play, planner):
    played = play(VIATEX, 1, (1,), planner=planner)
    assert all(turn.tactic and not turn.rollouts for turn in played.turns)
    assert played.table.offers_made > 3


@pytest.mark.parametrize("max_turns", [1, 2, 3, 4, 8, 0])
def test_any_length_of_dialogue_works(play, max_turns):
    for index in range(4):
        played = play(VIATEX, index, (0, 1), max_turns=max_turns)
        texts = [turn.utterance.text for turn in played.turns]
        assert len(set(texts)) == len(texts) <= (max_turns or 80)


def test_three_roles_reach_deals_that_suit_all(play):
    payoff = SELLER.payoff.model_copy(update={"reservation": 30.0, "target": 60.0})
    third = SELLER.model_copy(update={"id": "third", "name": "Ines Duarte", "payoff": payoff})
    # Not `model_copy`, which keeps the properties that were computed for two.
    fields = {name: getattr(VIATEX, name) for name in Scenario.model_fields}
    scenario = Scenario.model_validate({**fields, "id": "three", "roles": (BUYER, SELLER, third)})
    played = [play(scenario, index) for index in range(6)]
    deals = [dialogue.table.deal for dialogue in played if dialogue.table.deal is not None]
    assert deals
    assert all(scenario.space.rational[scenario.space.number(deal)] for deal in deals)
