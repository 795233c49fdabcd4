"""The simulated persuadee: trust, interest, annoyance and objections decide what it gives.

Readiness = .55 trust + .45 interest - .5 annoyance - .08 a doubt that was voiced and not answered. Asked
to give, it says yes once readiness reaches its threshold, and the sum grows with readiness. What an act
of the agent does depends on the persona, on the moment, on what was said before, and on the doubt that
stands in the room.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated

from pydantic import Field, TypeAdapter

from negosim._frozen import Frozen
from negosim.agents.users.frames import choose, load_frames
from negosim.agents.users.recognise import load_data, sentences, strategies_in
from negosim.agents.users.user import Fact, UserReply
from negosim.traits import Trait, shifted

STEP = 0.17
"""How far one fitting act moves trust or interest, at most."""

MOST_WORDS = 60

ANSWERS = {
    "overhead": {"credibility-appeal"},
    "scam": {"credibility-appeal"},
    "money": {"foot-in-the-door"},
    "effect": {"logical-appeal"},
    "other": {"self-modeling", "logical-appeal"},
    "process": {"donation-information"},
}
"""By objection: the strategies that answer it."""

TRUST = {"credibility-appeal", "donation-information", "acknowledgement", "praise-user", "thank", "greeting"}
INTEREST = {"logical-appeal", "emotion-appeal", "personal-story", "self-modeling", "foot-in-the-door"}
INQUIRIES = {"source-related-inquiry", "task-related-inquiry", "personal-related-inquiry"}
APPEALS = {*INTEREST, "credibility-appeal", "donation-information"}
ASKS = {"proposition-of-donation", "ask-donation-amount"}

_ABOUT = {
    "source-related-inquiry": "knows-charity",
    "task-related-inquiry": "about-giving",
    "personal-related-inquiry": "about-me",
}


class PersuadeeKind(Frozen):
    """A kind of persuadee; the numbers are data (`donation/personas.yaml`)."""

    trust: tuple[float, float]
    interest: tuple[float, float]
    irritable: float
    """Factor on all that annoys."""
    threshold: float
    """Readiness from which it gives when asked."""
    generosity: Annotated[float, Field(gt=0, le=1)]
    """The most it gives, as a share of the two dollars."""
    objections: dict[str, float]
    """How likely it holds each."""
    appeals: dict[str, float]
    """How each act moves it, -1 to 1."""


@lru_cache
def personas() -> dict[str, PersuadeeKind]:
    """Return the personas by name."""
    return TypeAdapter(dict[str, PersuadeeKind]).validate_python(load_data("donation/personas"))


@dataclass
class Persuadee:
    """One persuadee in one dialogue."""

    name: str
    persona: PersuadeeKind
    trust: float
    interest: float
    objections: list[str]
    """Held and not yet voiced, in the order in which they will be."""
    taste: dict[str, float]
    """How each act moves this one person."""
    annoyance: float = 0.0
    pending: str | None = None
    """The objection that was voiced last and not answered."""
    unanswered: int = 0
    pledge: float | None = None
    confirmed: bool = False
    gone: bool = False
    turns: int = 0
    asks: int = 0
    raises: int = 0
    uses: Counter[str] = field(default_factory=Counter)
    heard: set[str] = field(default_factory=set)
    said: set[str] = field(default_factory=set)

    @classmethod
    def draw(cls, name: str, rng: random.Random) -> "Persuadee":
        """Draw one person of a persona."""
        persona = personas()[name]
        held = [item for item, chance in persona.objections.items() if rng.random() < chance]
        rng.shuffle(held)
        return cls(
            name=name,
            persona=persona,
            trust=rng.uniform(*persona.trust),
            interest=rng.uniform(*persona.interest),
            objections=held,
            taste={act: value + rng.uniform(-0.15, 0.15) for act, value in persona.appeals.items()},
        )

    def given(self, traits: Sequence[Trait]) -> "Persuadee":
        """Let the traits of its role change it; return itself."""
        kind = self.persona
        numbers = {name: float(getattr(kind, name)) for name in ("irritable", "threshold", "generosity")}
        numbers |= {"trust": self.trust, "interest": self.interest}
        changed = shifted(traits, "donor", numbers)
        self.trust, self.interest = changed.pop("trust", self.trust), changed.pop("interest", self.interest)
        self.persona = kind.model_copy(update=changed)
        return self

    @property
    def readiness(self) -> float:
        """How ready it is to give, about 0 to 1."""
        doubts = self.unanswered + (self.pending is not None)
        return 0.55 * self.trust + 0.45 * self.interest - 0.5 * self.annoyance - 0.08 * doubts

    def open(self, rng: random.Random) -> str:
        """Say the first words."""
        return self._say("greeting", rng)

    def hear(self, text: str, rng: random.Random) -> UserReply:
        """Take in one turn of the persuader and answer it."""
        self.turns += 1
        acts = strategies_in("donation", text)
        complaint = self._manners(text, acts)
        feeling = self._be_moved(acts)
        answered = self._take_answer(acts)
        if self.annoyance >= 0.8:
            self.gone = True
            return UserReply(self._say("leave", rng), end=True)
        parts = [self._say(complaint, rng)] if complaint else []
        answer, end = self._answer(acts, rng)
        if not parts and feeling and not (answer and set(acts) & set(_ABOUT)):
            parts.append(self._say("pleased" if answered else feeling, rng))
        parts += answer
        if not end and self.pledge is None and self.pending is None and not set(acts) & ASKS:
            parts += self._voice(rng, chance=0.55 if set(acts) & APPEALS else 0.1)
        return UserReply(" ".join(parts or [self._say("neutral", rng)]), end=end)

    def outlook(self) -> float:
        """Return how near it is to giving, as a probe would find: below 0 it would not, were it asked."""
        if self.gone:
            return -1.0
        if self.pledge is not None:
            return 0.25 + 0.75 * self.reward() / 2
        return min(0.0, max(-1.0, self.readiness / self.persona.threshold - 1)) + 0.2 * (
            self.readiness >= self.persona.threshold
        )

    def reward(self) -> float:
        """Return the donation in dollars if the dialogue ended here."""
        if self.gone:
            return 0.0
        if self.pledge is None:
            # Unasked, a willing persuadee leaves a fraction of what it would have agreed to.
            return _rounded(0.25 * self._sum()) if self.readiness >= self.persona.threshold else 0.0
        kept = (1.0 if self.confirmed else 0.85) - max(0.0, self.annoyance - 0.3)
        return _rounded(self.pledge * max(0.0, kept))

    def answer(self, measure: str, *, before: bool) -> float | None:
        """Answer what it gives: nothing before it was asked, in the end the donation."""
        if measure != "donation":
            return None
        return 0.0 if before else self.reward()

    def facts(self) -> dict[str, Fact]:
        """Return the state at the end."""
        return {
            "donation": self.reward(),
            "trust": round(self.trust, 3),
            "interest": round(self.interest, 3),
            "annoyance": round(self.annoyance, 3),
        }

    def _annoy(self, amount: float) -> None:
        self.annoyance = min(1.0, self.annoyance + amount * self.persona.irritable)

    def _manners(self, text: str, acts: tuple[str, ...]) -> str | None:
        """Return what there is to complain about in how something was said."""
        spoken = {part.strip().casefold() for part in sentences(text) if len(part.split()) > 3}
        again, self.heard = spoken & self.heard, self.heard | spoken
        if "pressure" in acts:
            self.trust = _towards(self.trust, -0.12)
            self._annoy(0.2)
            return "pushed"
        if again:
            self._annoy(0.12)
            return "repeated"
        if len(text.split()) > MOST_WORDS:
            self._annoy(0.08)
            return "too-long"
        if not acts:
            self._annoy(0.05)
            return "lost"
        return None

    def _be_moved(self, acts: tuple[str, ...]) -> str | None:
        """Let the acts move trust and interest; return how it feels about them."""
        if self.turns == 1 and not {"greeting", *INQUIRIES} & set(acts) and self.name != "unfriendly":
            self.trust = _towards(self.trust, -0.04)
        if len(APPEALS & set(acts)) > 2:
            self._annoy(0.06)
        total = 0.0
        for act in acts:
            effect = self.taste.get(act, 0.0) * self._moment(act) * 0.5 ** self.uses[act]
            if act in APPEALS and self.uses[act] >= 2:
                self._annoy(0.04)
            self.uses[act] += 1
            if act in APPEALS:
                total += effect
            self._move(act, effect * (0.5 if self.pledge is not None else 1.0))
        if not APPEALS & set(acts):
            return None
        return "pleased" if total > 0.4 else "displeased" if total < 0 else "neutral"

    def _move(self, act: str, effect: float) -> None:
        if act in INTEREST:
            # Nobody warms to a cause through somebody they do not believe.
            believed = effect if effect < 0 else effect * (0.4 + self.trust)
            self.interest = _towards(self.interest, STEP * believed)
            self.trust = _towards(self.trust, 0.3 * STEP * effect)
        elif act in TRUST:
            self.trust = _towards(self.trust, STEP * effect * (1.0 if act in APPEALS else 0.5))
        elif act in INQUIRIES:
            self.trust = _towards(self.trust, 0.5 * STEP * effect)
            self.interest = _towards(self.interest, 0.3 * STEP * effect)

    def _moment(self, act: str) -> float:
        """Return how well the moment is chosen for an act."""
        if self.pending is not None and act in ANSWERS[self.pending]:
            return 1.6
        if act == "greeting":
            return float(self.turns == 1)
        if act in INQUIRIES:
            return 1.0 if self.turns <= 3 else 0.2
        if act == "acknowledgement":
            return 1.0 if self.pending is not None else 0.2
        if act in ("praise-user", "thank"):
            return 1.0 if self.pledge is not None else 0.4
        return 0.7 if self.pending is not None and act in APPEALS else 1.0

    def _take_answer(self, acts: tuple[str, ...]) -> bool:
        """Settle the doubt in the room if it was answered; count it where it was passed over."""
        if self.pending is None:
            return False
        if ANSWERS[self.pending] & set(acts):
            self.trust = _towards(self.trust, 0.1)
            self.pending = None
            return True
        if "acknowledgement" not in acts and "ask-not-donate-reason" not in acts:
            self.trust = _towards(self.trust, -0.05)
            self._annoy(0.05)
            self.unanswered, self.pending = self.unanswered + 1, None
        return False

    def _answer(self, acts: tuple[str, ...], rng: random.Random) -> tuple[list[str], bool]:
        """Return the answer to what was asked, and whether the conversation ends with it."""
        asked = set(acts)
        if "closing" in asked:
            self.confirmed |= self.pledge is not None and "thank" in asked
            return [self._say("goodbye", rng)], True
        if self.pledge is not None:
            return self._after_pledge(asked, rng), False
        if asked & ASKS or "foot-in-the-door" in asked:
            return self._decide(asked, rng), False
        if "ask-not-donate-reason" in asked:
            return self._voice(rng, chance=1.0) or [self._say("give-reason", rng)], False
        if "confirm-donation" in asked or "ask-donate-more" in asked:
            # Nothing was promised yet: taken for granted.
            self._annoy(0.12)
            return [self._say("refuse", rng)], False
        parts = [self._say(_ABOUT[act], rng) for act in acts if act in _ABOUT][:1]
        if not parts and "greeting" in asked:
            parts = [self._say("greeting" if self.turns <= 2 else "neutral", rng)]
        return parts, False

    def _decide(self, asked: set[str], rng: random.Random) -> list[str]:
        """Give or refuse."""
        small = "foot-in-the-door" in asked
        if self.readiness >= self.persona.threshold - (0.14 if small else 0.0):
            self.pledge = _rounded(min(self._sum(), 0.5) if small else self._sum())
            if small:
                self.interest = _towards(self.interest, 0.1)
            return [self._say("pledge", rng)]
        if small and not asked & ASKS:
            return []
        self.asks += 1
        self._annoy(0.07 * self.asks)
        if self.asks > 2:
            return [self._say("pushed", rng)]
        return [self._say("refuse", rng), *self._voice(rng, chance=1.0)]

    def _after_pledge(self, asked: set[str], rng: random.Random) -> list[str]:
        if "ask-donate-more" in asked:
            self.raises += 1
            wanted = _rounded(self._sum() * (1.1 if self.confirmed else 1.0))
            if self.raises <= 2 and wanted > (self.pledge or 0.0):
                self.pledge, self.confirmed = wanted, False
                return [self._say("raise", rng)]
            self._annoy(0.1 * self.raises)
            return [self._say("no-raise", rng)]
        if "confirm-donation" in asked:
            self.confirmed = True
            return [self._say("confirmed", rng)]
        if asked & ASKS:
            self._annoy(0.1)
            return [self._say("after-pledge", rng)]
        if asked & APPEALS:
            self._annoy(0.04)
            return []
        self.confirmed |= "thank" in asked
        return [self._say("welcome", rng)] if asked & {"thank", "praise-user"} else []

    def _voice(self, rng: random.Random, *, chance: float) -> list[str]:
        """Voice the next objection, if there is one left."""
        if not self.objections or rng.random() >= chance:
            return []
        self.pending = self.objections.pop(0)
        return [self._say(f"objection-{self.pending}", rng)]

    def _sum(self) -> float:
        span = min(1.0, max(0.0, (self.readiness - 0.35) / 0.45))
        return max(0.1, 2.0 * self.persona.generosity * span)

    def _say(self, situation: str, rng: random.Random) -> str:
        slots = {"amount": money(self.pledge)} if self.pledge is not None else {}
        text = choose(
            load_frames("donation/user-frames"), situation, rng, self.said, persona=self.name, **slots
        )
        self.said.add(text)
        return text


def money(amount: float) -> str:
    """Write a sum as it is said: "$0.50"."""
    return f"${amount:.2f}"


def _rounded(amount: float) -> float:
    """Return a sum in steps of five cents."""
    return round(round(min(2.0, amount) * 20) / 20, 2)


def _towards(level: float, change: float) -> float:
    """Move a level of 0 to 1; what is high rises less, what is low falls less."""
    room = 1.0 - level if change > 0 else level
    return min(1.0, max(0.0, level + change * (0.4 + room)))
