"""Dialogues of general forms: lines with a speaker each, from which roles and a scenario are made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from negosim.importing._drops import Drops
from negosim.importing._published import Split
from negosim.importing._scenario import conversation, issues_from, offer_in, slug
from negosim.importing._source import UNKNOWN_CONDITION, ImportedDialogue, ImportOptions, Rating, Said
from negosim.records import HUMAN, Action, Condition, Fact, Outcome, agent_perspective
from negosim.scenarios import Issue

_AGREED = ("deal", "agreement", "agreed", "agree", "accepted", "success", "true", "yes", "1")
_NOT_AGREED = (
    *("no-deal", "no-agreement", "not-agreed", "disagreement", "failed", "failure", "rejected", "breakdown"),
    *("walk-away", "walkaway", "walked-away", "impasse", "false", "no", "0"),
)

WORDLESS = "utterances without text left out"
"""What is counted where utterances neither say nor do anything."""

NO_ONE = "Nobody else"
"""The second role of a talk in which one alone speaks."""


@dataclass(frozen=True)
class TalkLine:
    """One utterance of a general form."""

    speaker: str
    text: str
    labels: tuple[str, ...] = ()
    action: Action | None = None
    """None: an offer where there are values, else only words."""
    offer: Mapping[str, object] = field(default_factory=dict)
    participant: str | None = None
    """What spoke, where the source says so."""


@dataclass(frozen=True)
class AboutTalk:
    """What is known of a dialogue besides its lines."""

    title: str = ""
    context: str = ""
    briefs: Mapping[str, str] = field(default_factory=dict)
    """By speaker."""
    positions: Mapping[str, str] = field(default_factory=dict)
    issues: tuple[Issue, ...] | None = None
    """None: those that the offers speak of."""
    outcome: object = None
    """In the source's words: "deal", "no deal", true."""
    deal: Mapping[str, object] = field(default_factory=dict)
    rewards: tuple[float | None, ...] | None = None
    condition: Condition = UNKNOWN_CONDITION
    ratings: tuple[Rating, ...] = ()
    facts: Mapping[str, Fact] = field(default_factory=dict)
    split: Split | None = None
    participants: Mapping[str, str] = field(default_factory=dict)
    """What plays, by speaker, where lines do not say so."""
    speakers: tuple[str, ...] = ()
    """Those that take part, also without a word, in the order in which rewards and ratings count them; (): in
    the order of `Talks.position`."""


class Talks:
    """Makes the dialogues of one source, in which equal names keep one position."""

    def __init__(self, id: str, options: ImportOptions, drops: Drops) -> None:
        """Take the id of all conversations of two; others have the number of speakers in theirs."""
        self._id = slug(id, "conversations")
        self._options = options
        self._drops = drops
        self._spelling: dict[str, str] = {}
        self._orders: dict[frozenset[str], tuple[str, ...]] = {}

    def dialogue(
        self, id: str, where: str, lines: Sequence[TalkLine], about: AboutTalk | None = None
    ) -> ImportedDialogue | None:
        """Return a dialogue; None, counted, where nobody says anything.

        Args:
            id: in the source.
            where: file and row, for messages.
            lines: what was said, in order.
            about: what else is known.

        """
        about = about or AboutTalk()
        kept = [line for line in lines if says_or_does(line.text, line.action, line.offer)]
        if len(kept) < len(lines):
            self._drops.altered[WORDLESS] += len(lines) - len(kept)
        if not kept:
            self._drops.add("nobody says anything", where)
            return None
        spoken = [self.spelled(line.speaker) for line in kept]
        present = tuple(self.spelled(name) for name in about.speakers)
        names = self._order([*spoken, *present])
        seats = [names.index(name) for name in present or names]
        if len(names) == 1:
            self._drops.altered["talks in which one alone speaks get a silent second role (dialogues)"] += 1
            names = (*names, NO_ONE)
        offers = [line.offer for line in kept if line.offer] + ([about.deal] if about.deal else [])
        issues = issues_from(offers) if about.issues is None else about.issues
        scenario = conversation(
            self._id if len(names) == 2 else f"{self._id}-{len(names)}-speakers",
            names,
            title=about.title or self._options.title or self._id.replace("-", " "),
            context=about.context or self._options.context or "",
            source=self._id,
            briefs=[self._of(about.briefs, name) for name in names],
            positions=[self._of(about.positions, name) for name in names],
            issues=issues,
            opener=names.index(spoken[0]),
        )
        said = [_said(line, names.index(name), issues) for line, name in zip(kept, spoken, strict=True)]
        rewards = seated_rewards(about.rewards, seats, sorted(set(seats)))
        played = {self.spelled(name): participant for name, participant in about.participants.items()}
        played |= {
            name: line.participant for line, name in zip(kept, spoken, strict=True) if line.participant
        }
        return ImportedDialogue(
            id=id,
            where=where,
            scenario=scenario,
            turns=said,
            participants=tuple(played.get(name, HUMAN) for name in names),
            condition=about.condition,
            outcome=outcome_in(about.outcome, issues, about.deal, rewards),
            ratings=tuple(_seated(rating, seats) for rating in about.ratings),
            facts=about.facts,
            split=about.split,
        )

    def seat(self, names: Sequence[str]) -> None:
        """Keep the speakers of these names in this order."""
        spelled = tuple(dict.fromkeys(self.spelled(name) for name in names))
        self._orders[frozenset(spelled)] = spelled

    def position(self, speaker: str, lines: Sequence[TalkLine]) -> int | None:
        """Return the position that a speaker has among those of some lines."""
        names = self._order([self.spelled(line.speaker) for line in lines])
        name = self.spelled(speaker)
        return names.index(name) if name in names else None

    def spelled(self, name: str) -> str:
        """Return a name as it was spelt first: "seller " is "Seller"."""
        plain = " ".join(name.split()) or "Unnamed"
        return self._spelling.setdefault(plain.casefold(), plain)

    def _order(self, names: Sequence[str]) -> tuple[str, ...]:
        order = tuple(dict.fromkeys(names))
        return self._orders.setdefault(frozenset(order), order)

    def _of(self, given: Mapping[str, str], name: str) -> str:
        return next((text for key, text in given.items() if self.spelled(key) == name), "")


def _seated(rating: Rating, seats: Sequence[int]) -> Rating:
    """Return a rating whose agents are counted as roles are."""
    agent = None if rating.agent is None else seats[rating.agent]
    own = {agent_perspective(place): agent_perspective(seat) for place, seat in enumerate(seats)}
    return replace(rating, agent=agent, perspective=own.get(rating.perspective, rating.perspective))


def seated_rewards(
    rewards: tuple[float | None, ...] | None, seats: Sequence[int], roles: Iterable[int]
) -> tuple[float | None, ...] | None:
    """Return the rewards of roles, from those of seats in this order; None for a role without a seat."""
    if rewards is None:
        return None
    by_seat = dict(zip(seats, rewards, strict=True))
    return tuple(by_seat.get(role) for role in roles)


def says_or_does(text: str, action: Action | None, offer: Mapping[str, object]) -> bool:
    """Tell whether an utterance has words, an offer or a move."""
    return bool(text.strip() or offer) or action not in (None, "talk")


def _said(line: TalkLine, role: int, issues: Sequence[Issue]) -> Said:
    text = line.text.strip()
    known = {issue.id for issue in issues}
    offer = {name: value for name, value in line.offer.items() if value is not None and slug(name) in known}
    action = line.action or ("offer" if offer else "talk")
    return Said(
        role,
        text or f"({action.replace('_', ' ')})",
        action,
        offer_in(issues, offer) if action == "offer" else None,
        line.labels,
        wordless=not text,
    )


def outcome_in(
    word: object,
    issues: Sequence[Issue],
    deal: Mapping[str, object],
    rewards: tuple[float | None, ...] | None = None,
) -> Outcome:
    """Return what a source says of the outcome; words of no known meaning say nothing.

    Args:
        word: "deal", "no deal", true.
        issues: what could be settled.
        deal: what was, as the source has it.
        rewards: what it was worth to each role.

    """
    said = slug(str(word)) if word is not None else ""
    if said in _AGREED:
        known = {slug(name): value for name, value in deal.items() if value is not None}
        settled = offer_in(issues, {i.id: known[i.id] for i in issues if i.id in known})
        return Outcome(status="agreement", deal=settled or None, rewards=rewards)
    if said in _NOT_AGREED:
        return Outcome(status="no_agreement", rewards=rewards)
    return Outcome(status="unknown" if issues else "not_applicable", rewards=rewards)


def fact_of(value: object) -> Fact:
    """Return a value as a fact: what is no plain value, as text."""
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def labels_in(value: object) -> tuple[str, ...]:
    """Return the labels of a cell or list: several are divided by "|", ";" or ",", or stand in a list."""
    if value is None:
        return ()
    parts = value if isinstance(value, list | tuple) else _divided(str(value))
    return tuple(label for part in parts if (label := str(part).strip()) and label.casefold() != "none")


def _divided(text: str) -> list[str]:
    sign = next((sign for sign in "|;," if sign in text), None)
    return text.split(sign) if sign else [text]
