"""The simulated negotiator where there is little to offer: it runs out of new deals."""

from typing import Any

import pytest

from negosim.agents.sim.bidding import Bidder, Constraints
from negosim.agents.sim.deals import deals_of
from negosim.agents.sim.opponent import estimate
from negosim.scenarios import Scenario


def role(identifier: str, name: str, reservation: float, price: tuple[int, int], delivery: tuple[int, int]):
    return {
        "id": identifier,
        "name": name,
        "position": f"{identifier} of the bicycle",
        "brief": "You want to be done with it.",
        "interests": ["money"],
        "alternative": "Ask somebody else.",
        "payoff": {
            "reservation": reservation,
            "target": 80,
            "issues": {
                "price": [[100, price[0]], [200, price[1]]],
                "delivery": {"pick-up": delivery[0], "bring": delivery[1]},
            },
        },
    }


def make_scenario(step: int) -> Scenario:
    return Scenario.model_validate(
        {
            "schema_version": 1,
            "id": "bicycle",
            "title": "A used bicycle",
            "source": "Made up for the tests.",
            "summary": "Two neighbours bargain over a bicycle.",
            "context": "Ada sells a bicycle. Ben needs one.",
            "opener": "buyer",
            "issues": [
                {
                    "id": "price",
                    "name": "Price",
                    "phrase": "the price",
                    "range": {"min": 100, "max": 200, "step": step, "prefix": "$"},
                },
                {
                    "id": "delivery",
                    "name": "Delivery",
                    "phrase": "the delivery",
                    "options": [
                        {"id": "pick-up", "label": "picked up"},
                        {"id": "bring", "label": "brought over"},
                    ],
                },
            ],
            "roles": [
                role("seller", "Ada", 20, (0, 70), (30, 0)),
                role("buyer", "Ben", 30, (70, 0), (0, 30)),
            ],
        }
    )


@pytest.mark.parametrize("step", [50, 20])
def test_few_deals_are_enough_to_agree_and_no_role_goes_back_to_its_first_demand(play, step):
    scenario = make_scenario(step)
    assert len(scenario.space.values) <= 20
    dialogues: list[Any] = [play(scenario, index) for index in range(15)]
    assert sum(dialogue.table.deal is not None for dialogue in dialogues) >= 10
    for dialogue in dialogues:
        first: dict[int, float] = {}
        for turn in dialogue.turns:
            offer = turn.utterance.offer
            if turn.utterance.action == "offer" and offer is not None and len(offer) == 2:
                worth = scenario.value(turn.role, offer)
                first.setdefault(turn.role, worth)
                assert turn.index < len(dialogue.turns) / 2 or worth <= first[turn.role]


DEALS = deals_of(make_scenario(20).issues, make_scenario(20).roles[0].payoff)
PARTNER = estimate(DEALS, (), {}, {}).value
EVERY_DEAL = [int(number) for number in DEALS.order[::-1]]


def bid_with(offered, **constraints):
    bidder = Bidder(
        DEALS,
        PARTNER,
        Constraints(
            constraints.get("settled", {}), constraints.get("limits", {}), offered, constraints["lowest"]
        ),
        None,
        offered[-1],
    )
    return bidder.bid(constraints["lowest"], 1)


def test_when_every_deal_was_offered_the_last_one_is_repeated():
    acceptable = [n for n in EVERY_DEAL if DEALS.utility(float(DEALS.value[n])) >= 0.3]
    bid = bid_with(acceptable, lowest=0.3)
    assert bid.value == pytest.approx(float(DEALS.value[acceptable[-1]]))


def test_limits_give_way_before_more_is_asked_for_and_settled_values_never():
    low = EVERY_DEAL[6]
    bid = bid_with((low,), limits={"price": 200, "delivery": "pick-up"}, lowest=0.2)
    assert bid.value <= float(DEALS.value[low])
    bid = bid_with(tuple(EVERY_DEAL), settled={"price": 100}, limits={"price": 200}, lowest=0.9)
    assert bid.deal["price"] == 100
