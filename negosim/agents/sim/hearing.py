"""Hearing: what a public utterance of the other side asks, stresses or threatens.

Everything is read from the words themselves, so it works whoever speaks: another simulated
negotiator, a language model or a person.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from negosim.agents.sim.frame_files import load_data
from negosim.agents.sim.spelling import spoken
from negosim.agents.sim.strength import ClaimKind, strength_of
from negosim.agents.sim.words import Words
from negosim.scenarios import Issue, Value

CLAIM_KINDS: tuple[ClaimKind, ...] = ("limit", "alternative", "deadline", "promise", "priority", "fact")
"""In the order in which one of several is taken up."""

_CACHE_SIZE = 256
_BARGAINING = re.compile(r"[\d:;\"“?]|\b(?:you|your|you're|offer|proposal|the rest)\b", re.IGNORECASE)
_ABOUT_YOU = re.compile(r"\b(?:for|to|with) you\b|\byou (?:care|need|put|want)\b")
"""Whose priority a sentence is about: the hearer's own is no claim."""
_SENTENCE = re.compile(r"(?<=[.!?])[\"”']?\s+(?=[A-Z\"“])")


@dataclass(frozen=True)
class HeardClaim:
    """One claim of a speaker about its own situation."""

    kind: ClaimKind
    about: str
    """The issue of a limit or a priority, else the beginning of the words."""
    strength: float
    """How good an alternative is said to be, how near a deadline, by the words: 0 to 1; else 1."""
    values: Mapping[str, Value]
    """By issue: the values named in it."""

    @property
    def key(self) -> tuple[ClaimKind, str]:
        """What tells it from other claims."""
        return self.kind, self.about


@dataclass(frozen=True)
class Heard:
    """What was heard in one utterance."""

    cues: tuple[str, ...]
    """Kinds of remark, as in frames/cues.yaml ("deadline", "warmth"), in order of weight."""
    question: str | None
    """The kind of question asked ("priority", "reason", "room", ...), None without one."""
    asked: str | None
    """The issue the question is about, None if about none in particular."""
    mentions: tuple[str, ...]
    """Issues named, in order."""
    priorities: tuple[str, ...]
    """Issues said to matter most."""
    limits: dict[str, Value]
    """By issue: the value the speaker says it cannot go past."""
    quotable: str | None
    """A short statement of the speaker that can be quoted back."""
    claims: tuple[HeardClaim, ...]
    """What the speaker claims about its own situation, the weightiest first."""
    dodges: bool
    """Whether it refuses to show proof."""


@dataclass(frozen=True)
class _Cues:
    """What is listened for, as in frames/cues.yaml."""

    remarks: Mapping[str, tuple[str, ...]]
    questions: Mapping[str, tuple[str, ...]]
    patterns: Mapping[str, re.Pattern[str]]

    def kinds(self, sentence: str, among: Iterable[str]) -> list[str]:
        """Return which of some kinds of remark a sentence in small letters has, in order of weight."""
        return [kind for kind in among if self._has(sentence, kind)]

    def _has(self, sentence: str, kind: str) -> bool:
        for word in self.remarks[kind]:
            if word in sentence:
                return True
        return kind in self.patterns and self.patterns[kind].search(sentence) is not None


@lru_cache(maxsize=1)
def _cues() -> _Cues:
    data = load_data("cues.yaml")
    return _Cues(
        {kind: tuple(words) for kind, words in data["remarks"].items()},
        {kind: tuple(words) for kind, words in data["questions"].items()},
        {kind: re.compile(pattern) for kind, pattern in data["patterns"].items()},
    )


class Ear:
    """Hears utterances about a scenario's issues; remembers what it heard in each text."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._cache: dict[str, Heard] = {}

    def hear(self, text: str) -> Heard:
        """Return what an utterance says, by its words."""
        heard = self._cache.get(text)
        if heard is None:
            if len(self._cache) >= _CACHE_SIZE:
                self._cache.clear()
            heard = self._cache[text] = self._listen(text)
        return heard

    def _listen(self, text: str) -> Heard:
        cues, text = _cues(), spoken(text)
        kinds = cues.kinds(text.casefold(), cues.remarks)
        question = asked = quotable = None
        priorities: list[str] = []
        limits: dict[str, Value] = {}
        claims: dict[tuple[ClaimKind, str], HeardClaim] = {}
        sentences = _SENTENCE.split(text)
        for position, sentence in enumerate(sentences):
            small = sentence.casefold()
            if sentence.endswith("?"):
                found = (
                    kind for kind, words in cues.questions.items() if any(word in small for word in words)
                )
                question = next(found, "open") if question != "proof" else question
                asked = next(iter(self._words.mentioned(sentence)), None)
                continue
            said = cues.kinds(small, kinds)
            if "priority" in said and _ABOUT_YOU.search(small):
                said.remove("priority")
            if "priority" in said:
                priorities += self._words.mentioned(sentence)[:1]
            if "limit" in said:
                limits.update(self._words.named_in(sentence))
            for kind in CLAIM_KINDS:
                if kind in said:
                    claim = self._claim(kind, sentence)
                    claims.setdefault(claim.key, claim)
            if 0 < position < len(sentences) - 1 and self._can_quote(sentence, said, quotable):
                quotable = sentence.rstrip(".")
        if question is None and "proof" in kinds:
            question = "proof"
        return Heard(
            cues=tuple(kind for kind in kinds if kind not in CLAIM_KINDS),
            question=question,
            asked=asked,
            mentions=self._words.mentioned(text),
            priorities=tuple(dict.fromkeys(priorities)),
            limits=limits,
            quotable=quotable,
            claims=tuple(sorted(claims.values(), key=lambda claim: CLAIM_KINDS.index(claim.kind))),
            dodges="dodge" in kinds,
        )

    def _claim(self, kind: ClaimKind, sentence: str) -> HeardClaim:
        values = self._words.named_in(sentence) if kind in ("limit", "alternative") else {}
        return HeardClaim(kind, self._about(kind, sentence), strength_of(kind, sentence), values)

    def _about(self, kind: ClaimKind, sentence: str) -> str:
        """Return the issue a limit or a priority is about, else the beginning of the words."""
        named = tuple(self._words.named_in(sentence)) if kind == "limit" else ()
        issues = named or (self._words.mentioned(sentence) if kind in ("limit", "priority") else ())
        return issues[0] if issues else sentence[:24]

    def _can_quote(self, sentence: str, kinds: Collection[str], instead_of: str | None) -> bool:
        """Statements of middle length that are about the matter, not the bargaining, are worth quoting."""
        return (
            7 <= len(sentence.split()) <= 18
            and sentence.endswith(".")
            and len(sentence) > len(instead_of or "")
            and not {"accept", "limit", "threat", "demand"} & set(kinds)
            and not _BARGAINING.search(sentence)
            and not self._words.named_in(sentence)
        )


@lru_cache(maxsize=64)
def words_and_ear(issues: tuple[Issue, ...]) -> tuple[Words, Ear]:
    """Return the words and the ear for a scenario's issues; made once for equal ones."""
    words = Words(issues)
    return words, Ear(words)
