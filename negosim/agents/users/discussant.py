"""The simulated discussant: argues for its stance on a claim, and is moved by the arguments it hears.

What tells with it is a reason it has not heard yet, more so if it touches what the role cares about. Reasons
tell less the more there have been; what was said before tells nothing, and pressure moves it the other way.
Its state follows from its side, the transcript and the seed, so that a dialogue can go on from any place.
"""

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from pydantic import TypeAdapter

from negosim._frozen import Frozen
from negosim.agents._protocol import AgentContext, Speech
from negosim.agents.users.frames import choose, load_frames
from negosim.agents.users.recognise import load_data, sentences
from negosim.errors import UserError
from negosim.plugins import suggest
from negosim.records import Utterance
from negosim.scenarios import Answer, Measure
from negosim.traits import shifted
from negosim.views import Side, View

DISCUSSANT = "discussant"
"""What a role is `simulated` as that a discussant can play."""

_FEWEST_WORDS = 7
"""A sentence of fewer words gives no reason."""
_SAME = 0.6
"""Share of its words that makes a sentence the repetition of another."""
_WORD = re.compile(r"[a-z]{4,}")
_PRESSURE = re.compile(
    r"\byou (?:really |simply |just )?(?:must|have to|need to|had better) "
    r"(?:agree|accept|admit|change|see|give)"
    r"|\b(?:only a fool|any fool|ridiculous|nonsense|shame on you|wake up|how can you)\b",
    re.IGNORECASE,
)
_FOR = re.compile(r"\bI(?:'m| am)? (?:\w+ )?(?:agree|for it|in favou?r)\b", re.IGNORECASE)
_AGAINST = re.compile(
    r"\bI(?:'m| am)? (?:\w+ )?(?:disagree|against it|opposed)\b|\bdo(?: not|n't) agree\b", re.IGNORECASE
)

Effect = Literal["moved", "heard", "repeated", "pushed", "empty"]


class Temper(Frozen):
    """A disposition; the numbers are data (`stance/personas.yaml`)."""

    step: float
    cares: float
    pushed: float
    tires: float


@lru_cache
def tempers() -> dict[str, Temper]:
    """Return the dispositions by name."""
    return TypeAdapter(dict[str, Temper]).validate_python(load_data("stance/personas"))


@dataclass
class _Mind:
    """What a discussant thinks after what it has heard."""

    stance: float
    """0: it rejects the claim, 1: it shares it."""
    temper: Temper
    matter: frozenset[str]
    """Words of what is talked about, as far as the role knows."""
    interests: frozenset[str]
    """Words of what the role cares about."""
    direction: int
    """Where the other wants it to move: 1 to the claim, -1 away from it."""
    told: int = 0
    """Arguments that have told."""
    heard: list[frozenset[str]] = field(default_factory=list)

    def hear(self, text: str) -> Effect:
        """Take in an utterance of the other; return what it has done."""
        self.direction = _declared(text) or self.direction
        if _PRESSURE.search(text):
            self._move(-self.temper.pushed)
            return "pushed"
        effects = [self._weigh(words) for words in _reasons(text) if words & self.matter]
        return next((one for one in ("moved", "heard", "repeated") if one in effects), "empty")

    def _weigh(self, words: frozenset[str]) -> Effect:
        if any(len(words & before) >= _SAME * len(words) for before in self.heard):
            return "repeated"
        self.heard.append(words)
        touches = bool(words & self.interests)
        force = self.temper.tires**self.told * (self.temper.cares if touches else 1.0)
        self._move(self.temper.step * force)
        self.told += 1
        return "moved" if touches else "heard"

    def _move(self, by: float) -> None:
        self.stance = min(1.0, max(0.0, self.stance + self.direction * by))


class Discussant:
    """Plays a role of a stance scenario without a language model; it leaves when it has said all it has."""

    self_directed = True

    def __init__(self, context: AgentContext) -> None:
        """Take what it knows from its side; `user:PERSONA` names its temper, else the seed draws one.

        Raises:
            UserError: there is no such temper, or the role has no prior or no arguments to speak from.

        """
        self.model = context.spec.name
        side = context.side
        named = context.spec.target if context.spec.kind == "user" else ""
        if named and named not in tempers():
            raise UserError(f"there is no discussant {named!r}; {suggest(named, tempers())}")
        if not side.priors or not side.role.arguments:
            raise UserError(
                f"{side.role.name} in {side.seed.scenario!r} cannot be simulated as a discussant: "
                "give the role 'priors' on a scale, and 'arguments'"
            )
        drawn = side.seed.stream("discussant", side.index).choice(sorted(tempers()))
        temper = tempers()[named or drawn]
        changed = shifted(side.traits, DISCUSSANT, temper.model_dump())
        self._temper = temper.model_copy(update=changed)

    async def speak(self, view: View) -> Speech:
        """React to what was said last, then argue; leave with a last word when all is said."""
        side, rng = view.side, view.side.seed.stream("discussant", view.side.index, view.turn_index)
        mind, effect = self._after(view)
        own = [turn.text for turn in view.transcript if turn.role == side.index]
        unused = [reason for reason in _arguments(side) if not any(reason in text for text in own)]
        used = {part for text in own for part in sentences(text)}
        parts = [_say(effect, rng, used)] if effect else [_say("opening", rng, used)]
        if not own:
            parts.append(_say(_side_of(mind.stance), rng, used))
        if not unused and own:
            moved = abs(mind.stance - self._start(side)) > self._temper.step
            parts += [_say("closer" if moved else "apart", rng, used), _say("goodbye", rng, used)]
            return Speech(Utterance(text=" ".join(parts), action="walk_away"))
        reason = _fitting(unused, [turn.text for turn in view.transcript if turn.role != side.index], rng)
        parts.append(_say("argue", rng, used, reason=reason))
        return Speech(Utterance(text=" ".join(parts)))

    async def concluded(self, view: View) -> bool:
        """Say whether somebody has left."""
        return view.table.left_by is not None

    async def answer(
        self, view: View, measure: Measure, about: int | None = None, attempt: int = 0
    ) -> Answer | None:
        """Answer where it stands now, on the scale of a measure that its role has a prior for."""
        prior = next((given for asked, given in view.side.priors if asked.id == measure.id), None)
        if prior is None or not view.transcript:
            return prior
        low, high = _ends(measure)
        mind, _ = self._after(view)
        return measure.parse(_nearest(measure, low + mind.stance * (high - low)))

    def _start(self, side: Side) -> float:
        measure, prior = side.priors[0]
        low, high = _ends(measure)
        assert isinstance(prior, int | float), "a prior of a discussant is on a scale"
        return (prior - low) / (high - low)

    def _after(self, view: View) -> tuple[_Mind, Effect | None]:
        """Return its mind after a transcript, and what the last utterance of another has done."""
        side, start = view.side, self._start(view.side)
        cares = frozenset(word for text in side.role.interests for word in _words(text))
        told = (side.context, side.claim or "", side.role.brief, *_arguments(side))
        matter = cares | frozenset(word for text in told for word in _words(text))
        mind = _Mind(start, self._temper, matter, cares, -1 if start > 0.5 else 1)
        effect: Effect | None = None
        for turn in view.transcript:
            if turn.role != side.index:
                effect = mind.hear(turn.text)
        return mind, effect


def _arguments(side: Side) -> list[str]:
    return [reason for reasons in side.role.arguments.values() for reason in reasons]


def _fitting(reasons: Sequence[str], heard: Sequence[str], rng: random.Random) -> str:
    """Return the reason that takes up most of what the other has spoken of, any of the best ones."""
    spoken = frozenset(word for text in heard for word in _words(text))
    fit = [len(_words(reason) & spoken) for reason in reasons]
    return rng.choice([reason for reason, common in zip(reasons, fit, strict=True) if common == max(fit)])


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold())) - _empty_words()


@lru_cache
def _empty_words() -> frozenset[str]:
    return frozenset(word for words in load_data("stance/words").values() for word in words.split())


def _reasons(text: str) -> Iterator[frozenset[str]]:
    """Yield the words of each sentence that is long enough to say why, and no question."""
    for sentence in sentences(text):
        words = _words(sentence)
        if len(sentence.split()) >= _FEWEST_WORDS and words and not sentence.rstrip("\"'").endswith("?"):
            yield words


def _declared(text: str) -> int:
    """Return which way somebody says to stand: 1 for the claim, -1 against it, 0 where it does not say."""
    if _AGAINST.search(text):
        return -1
    return int(bool(_FOR.search(text)))


def _side_of(stance: float) -> str:
    return "undecided" if 0.4 < stance < 0.6 else "agree" if stance > 0.5 else "disagree"


def _ends(measure: Measure) -> tuple[float, float]:
    if measure.range is not None:
        return measure.range.min, measure.range.max
    grades = measure.grades or (0, 1)
    return float(grades[0]), float(grades[-1])


def _nearest(measure: Measure, value: float) -> Answer:
    """Return the answer of a measure's scale that is nearest to a number."""
    values: Iterable[float] = measure.range.values if measure.range is not None else measure.grades
    return min(values, key=lambda one: abs(one - value))


def _say(situation: str, rng: random.Random, used: set[str], **slots: str) -> str:
    return choose(load_frames("stance/frames"), situation, rng, used, **slots)
