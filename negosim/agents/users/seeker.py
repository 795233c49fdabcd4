"""The simulated help-seeker: openness, feeling understood and distress decide how it ends.

Helping goes in steps, as in Hill's model that ESConv follows: explore, comfort, act. A seeker tells its
story bit by bit when asked, feels understood when its own words and feelings come back to it, takes
comfort once it feels understood, and advice only then; advice too early, empty comfort, an interview or a
dismissal make it worse. How much each does depends on a hidden temperament.
"""

import random
import re
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

MOST_WORDS = 70

RELIEVED = 1.45
"""Distress at which a seeker thanks and goes."""

INTENSITIES = (2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 5, 5, 5, 5)
"""Where distress begins, about as often as in ESConv."""


class Temperament(Frozen):
    """A disposition; the numbers are data (`support/temperaments.yaml`)."""

    openness: tuple[float, float]
    advice_from: float
    acts: dict[str, float]


class SeekerSituation(Frozen):
    """One person's problem."""

    opening: str
    story: Annotated[tuple[str, ...], Field(min_length=1)]


class SeekerProblem(Frozen):
    """A kind of problem."""

    feelings: tuple[str, ...]
    helps: str
    situations: tuple[SeekerSituation, ...]


@lru_cache
def problems() -> dict[str, SeekerProblem]:
    """Return the problems by ESConv's names."""
    return TypeAdapter(dict[str, SeekerProblem]).validate_python(load_data("support/problems"))


@lru_cache
def _temperaments() -> dict[str, Temperament]:
    return TypeAdapter(dict[str, Temperament]).validate_python(load_data("support/temperaments"))


@dataclass
class Seeker:
    """One help-seeker in one dialogue."""

    problem: str
    situation: SeekerSituation
    temperament: str
    initial: int
    intensity: float
    """Distress, 1 to 5."""
    openness: float
    """0 to 1; at 0 it leaves."""
    advice_from: float
    """How far it must feel understood before advice is welcome."""
    understood: float = 0.0
    """How far it feels understood, 0 to 1."""
    told: int = 0
    """Lines of its story that are out."""
    questions: int = 0
    """Turns in a row that did nothing but ask."""
    turns: int = 0
    eased: float = 0.0
    """Distress when it last spoke of feeling calmer."""
    uses: Counter[str] = field(default_factory=Counter)
    heard: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)

    @classmethod
    def draw(cls, problem: str, rng: random.Random) -> "Seeker":
        """Draw one person with a problem."""
        temperament = rng.choice(list(_temperaments()))
        initial = rng.choice(INTENSITIES)
        return cls(
            problem=problem,
            situation=rng.choice(problems()[problem].situations),
            temperament=temperament,
            initial=initial,
            intensity=float(initial),
            openness=rng.uniform(*_temperaments()[temperament].openness),
            eased=float(initial),
            advice_from=_temperaments()[temperament].advice_from,
        )

    def given(self, traits: Sequence[Trait]) -> "Seeker":
        """Let the traits of its role change it; return itself."""
        numbers = {name: float(getattr(self, name)) for name in ("openness", "understood", "advice_from")}
        for name, value in shifted(traits, "help-seeker", numbers).items():
            setattr(self, name, value)
        return self

    def open(self, rng: random.Random) -> str:
        """Say the first words."""
        return self._say("opening", rng, opening=self.situation.opening)

    def hear(self, text: str, rng: random.Random) -> UserReply:
        """Take in one turn of the supporter and answer it."""
        self.turns += 1
        acts = strategies_in("support", text)
        self.questions = self.questions + 1 if acts == ("question",) else 0
        parts = self._manners(text, acts, rng)
        for act in acts:
            parts += self._react(act, text, rng)
            self.uses[act] += 1
        if self.openness <= 0.02:
            return UserReply(self._say("leave", rng), end=True)
        if self.intensity <= RELIEVED and self.turns >= 4:
            return UserReply(self._say("goodbye", rng), end=True)
        if self.eased - self.intensity >= 1.0:
            self.eased = self.intensity
            parts.append(self._say("calmer", rng))
        return UserReply(" ".join(dict.fromkeys(parts)) or self._say("lost", rng))

    @property
    def final(self) -> int:
        """Distress as a survey would have it: a whole number, 1 to 5."""
        return min(5, max(1, round(self.intensity)))

    def outlook(self) -> float:
        """Return how far it is helped, and understood and open to help, which comes before it."""
        if self.openness <= 0.02:
            return -1.0
        return max(-1.0, 1.2 * self.reward() / 4 + 0.5 * self.understood + 0.3 * self.openness - 1)

    def reward(self) -> float:
        """Return initial minus final intensity if the dialogue ended here."""
        return float(self.initial - self.final)

    def answer(self, measure: str, *, before: bool) -> float | None:
        """Answer how bad it feels, as a survey would have it."""
        if measure != "intensity":
            return None
        return self.initial if before else self.final

    def facts(self) -> dict[str, Fact]:
        """Return the problem and the state at the end."""
        return {
            "problem_type": self.problem,
            "situation": self.situation.opening,
            "temperament": self.temperament,
            "initial_intensity": self.initial,
            "final_intensity": self.final,
            "openness": round(self.openness, 3),
            "understood": round(self.understood, 3),
        }

    def _manners(self, text: str, acts: tuple[str, ...], rng: random.Random) -> list[str]:
        spoken = {part.casefold() for part in sentences(text) if len(part.split()) > 3}
        again, self.heard = spoken & self.heard, self.heard | spoken
        if again:
            self._open_up(-0.08)
            return [self._say("repeated", rng)]
        if len(text.split()) > MOST_WORDS or len(acts) > 3:
            self._open_up(-0.04)
        if not acts or acts == ("other",):
            self._open_up(-0.03)
        return []

    def _react(self, act: str, text: str, rng: random.Random) -> list[str]:
        factor = _temperaments()[self.temperament].acts.get(act, 1.0) * 0.7 ** max(0, self.uses[act] - 1)
        if act == "question":
            return self._tell(rng)
        if act in ("restatement", "reflection-of-feelings"):
            return self._be_understood(act, text, factor, rng)
        if act == "affirmation":
            return self._be_comforted(factor, rng)
        if act == "self-disclosure":
            return self._have_company(factor, rng)
        if act in ("suggestion", "information"):
            return self._take_advice(act, text, factor, rng)
        if act == "dismissal":
            self._open_up(-0.25)
            self.intensity = min(5.0, self.intensity + 0.5)
            return [self._say("wounded", rng)]
        return []

    def _tell(self, rng: random.Random) -> list[str]:
        if self.questions >= 3:
            self._open_up(-0.06)
            return [self._say("interview", rng)]
        if self.told >= len(self.situation.story):
            return [self._say("nothing-more", rng)]
        if self.openness < 0.3 and self.told >= 1 and self.questions >= 2:
            return [self._say("evasive", rng)]
        self.told += 1
        self.understood = min(1.0, self.understood + 0.05)
        line = self.situation.story[self.told - 1]
        self.said.append(line)
        return [line]

    def _be_understood(self, act: str, text: str, factor: float, rng: random.Random) -> list[str]:
        if act == "restatement":
            fits = self.told > 0 and len(_content(text) & _content(" ".join(self.said[-3:]))) >= 2
            gain = 0.16
        else:
            fits = any(feeling in text.casefold() for feeling in problems()[self.problem].feelings)
            gain = 0.2
        if not fits:
            self._open_up(-0.02)
            self.understood = min(1.0, self.understood + 0.03 * factor)
            return [self._say("misheard", rng)]
        # One who has told little can be understood only so far.
        known = (1 + self.told) / (1 + len(self.situation.story))
        self.understood = min(1.0, self.understood + gain * factor * (0.4 + 0.6 * known))
        self._open_up(0.06 * factor)
        self._ease(0.1 * factor)
        return [self._say("heard", rng)]

    def _be_comforted(self, factor: float, rng: random.Random) -> list[str]:
        if self.understood < 0.25:
            self._open_up(-0.02)
            return [self._say("hollow", rng)]
        self._open_up(0.05 * factor)
        self._ease(0.32 * factor * self.understood)
        return [self._say("touched", rng)]

    def _have_company(self, factor: float, rng: random.Random) -> list[str]:
        if self.told == 0 or self.uses["self-disclosure"] >= 2:
            self._open_up(-0.05)
            return [self._say("about-you", rng)]
        self._open_up(0.12 * factor)
        self._ease(0.15 * factor)
        return [self._say("companion", rng)]

    def _take_advice(self, act: str, text: str, factor: float, rng: random.Random) -> list[str]:
        if self.understood < self.advice_from:
            if act == "suggestion":
                self._open_up(-0.08)
                self.intensity = min(5.0, self.intensity + 0.15)
                return [self._say("too-soon", rng)]
            return [self._say("lost", rng)]
        fits = re.search(problems()[self.problem].helps, text.casefold()) is not None
        if self.uses[act] >= 3:
            self._open_up(-0.04)
            return [self._say("tried", rng)]
        self._ease((0.5 if act == "suggestion" else 0.3) * factor * (1.0 if fits else 0.4))
        return [self._say("will-try" if act == "suggestion" else "good-to-know", rng)]

    def _open_up(self, change: float) -> None:
        self.openness = min(1.0, max(0.0, self.openness + change))

    def _ease(self, amount: float) -> None:
        self.intensity = max(1.0, self.intensity - amount * (0.4 + self.openness))

    def _say(self, situation: str, rng: random.Random, **slots: str) -> str:
        frames = load_frames("support/user-frames")
        text = choose(frames, situation, rng, self.said, persona=self.temperament, **slots)
        self.said.append(text)
        return text


_COMMON = frozenset(
    ("that", "this", "with", "what", "have", "your", "mine", "they", "them", "when", "then", "from", "about")
)


def _content(text: str) -> set[str]:
    """Return the beginnings of a text's longer words, by which an echo is recognised."""
    return {word[:5] for word in re.findall(r"[a-z]{4,}", text.casefold()) if word not in _COMMON}
