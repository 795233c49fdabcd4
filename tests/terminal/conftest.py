import pytest

from negosim.records import Claim, Condition, Dialogue, Outcome, Rollout, StageAccount, Turn, Utterance, Vote
from negosim.scenarios import Scenario, check_scenario

ORCHARD = {
    "schema_version": 1,
    "id": "orchard",
    "title": "The orchard",
    "source": "Made for the tests.",
    "summary": "A grower and a cider maker settle a harvest.",
    "context": "Ana grows apples. Bo presses cider. They meet before the harvest.",
    "opener": "grower",
    "issues": [
        {
            "id": "price",
            "name": "Price",
            "phrase": "the price per crate",
            "range": {"min": 10, "max": 20, "step": 1, "prefix": "$", "unit": " a crate"},
        },
        {
            "id": "delivery",
            "name": "Delivery",
            "phrase": "the delivery",
            "options": [
                {"id": "farm", "label": "pick-up at the farm"},
                {"id": "press", "label": "delivery to the press"},
            ],
        },
    ],
    "roles": [
        {
            "id": "grower",
            "name": "Ana Brandt",
            "position": "owner of the orchard",
            "brief": "You need the crates gone before the frost.",
            "interests": ["a good price"],
            "alternative": "Juice, at nine dollars a crate.",
            "secrets": ["The cold store is full."],
            "deceptive_brief": "You may lie about the cold store.",
            "payoff": {
                "reservation": 20,
                "target": 70,
                "issues": {"price": [[10, 0], [20, 60]], "delivery": {"farm": 30, "press": 0}},
            },
        },
        {
            "id": "maker",
            "name": "Bo Castellanos",
            "position": "cider maker",
            "brief": "You need two hundred crates.",
            "interests": ["a low price"],
            "alternative": "Apples from further away.",
            "payoff": {
                "reservation": 15,
                "target": 60,
                "issues": {"price": [[10, 50], [20, 0]], "delivery": {"farm": 0, "press": 10}},
            },
        },
    ],
    "resolution": [{"id": "q", "text": "Which price was agreed?"}],
}


@pytest.fixture(scope="session")
def orchard() -> Scenario:
    scenario, problems = check_scenario(ORCHARD)
    assert scenario is not None, problems
    return scenario


def _rollouts(*tactics: str) -> tuple[Rollout, ...]:
    return tuple(
        Rollout(
            tactic=tactic,
            utterance=f"Let me put it as {tactic} would have it, with every detail that belongs to it.",
            expected_reply="I see.",
            score=4.5 + 1.25 * position,
            reason="fits",
        )
        for position, tactic in enumerate(tactics)
    )


@pytest.fixture(scope="session")
def dialogue() -> Dialogue:
    """Three offers, a lie, an acceptance."""
    said = [
        (
            Utterance(
                text="Good morning. My apples are the best in years, and my cold store stands empty.",
                action="offer",
                offer={"price": 18},
            ),
            [
                Claim(
                    subject="fact",
                    quote="my cold store stands empty",
                    actual="The cold store is full.",
                    true=False,
                    technique="falsification",
                )
            ],
        ),
        (
            Utterance(
                text="Eighteen is more than I can carry. I could do thirteen if you bring them to the press.",
                action="offer",
                offer={"price": 13, "delivery": "press"},
            ),
            [Claim(subject="priority", quote="more than I can carry", true=True)],
        ),
        (
            Utterance(
                text="Then fetch them here, and fifteen is fair to both of us.",
                action="offer",
                offer={"price": 15, "delivery": "farm"},
            ),
            [],
        ),
        (Utterance(text="Fifteen, and my lorry comes to the farm. Done.", action="accept"), []),
    ]
    turns = tuple(
        Turn(
            index=index,
            role=index % 2,
            reflection=f"Thought number {index + 1}: they seem to want the deal as much as I do.",
            rollouts=_rollouts("logical-appeal", "foot-in-the-door", "social-proof"),
            chosen=2,
            tactic="social-proof",
            utterance=utterance,
            claims=tuple(claims),
        )
        for index, (utterance, claims) in enumerate(said)
    )
    return Dialogue(
        id="orchard.deceptive-1.0000",
        scenario="orchard",
        index=0,
        seed=7,
        condition=Condition(deceptive=(0,)),
        opener=0,
        models=("openai:gpt-x", "sim"),
        status="complete",
        end="concluded",
        turns=turns,
        votes=(Vote(after_turn=1, concluded=(False, False)), Vote(after_turn=3, concluded=(True, True))),
        outcome=Outcome(
            status="agreement",
            deal={"price": 15, "delivery": "farm"},
            values=(60.0, 25.0),
            joint_value=85.0,
            rational=(True, True),
            pareto_distance=0.0,
            nash_ratio=0.8125,
        ),
        account=(
            StageAccount(
                stage="reflect",
                role=0,
                model="openai:gpt-x",
                calls=2,
                tokens_in=12_345,
                tokens_out=321,
                tokens_cached=8_000,
                seconds=3.21,
                usd=0.00212,
            ),
            StageAccount(
                stage="speak",
                role=0,
                model="openai:gpt-x",
                calls=2,
                tokens_in=1_234,
                tokens_out=99,
                seconds=1.5,
                usd=0.0002,
            ),
        ),
        seconds=5.25,
    )
