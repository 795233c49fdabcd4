"""A small sound scenario to take apart."""

from typing import Any

import pytest


@pytest.fixture
def bike() -> dict[str, Any]:
    """A sound scenario of two roles and two issues, as parsed from its file."""
    return {
        "schema_version": 1,
        "id": "bike",
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
                "range": {"min": 100, "max": 200, "step": 10, "prefix": "$"},
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
            {
                "id": "seller",
                "name": "Ada",
                "position": "owner of the bicycle",
                "brief": "You want the shed empty.",
                "interests": ["money"],
                "alternative": "Give it to a charity.",
                "arguments": {"price": ["It has new tyres."]},
                "payoff": {
                    "reservation": 20,
                    "target": 80,
                    "issues": {"price": [[100, 0], [200, 70]], "delivery": {"pick-up": 30, "bring": 0}},
                },
            },
            {
                "id": "buyer",
                "name": "Ben",
                "position": "neighbour",
                "brief": "You need to get to work.",
                "interests": ["a bicycle by Monday"],
                "alternative": "Take the bus.",
                "payoff": {
                    "reservation": 30,
                    "target": 90,
                    "issues": {"price": [[100, 80], [200, 0]], "delivery": {"pick-up": 0, "bring": 20}},
                },
            },
        ],
        "resolution": [{"id": "price-paid", "text": "What is the price?", "issue": "price"}],
    }
