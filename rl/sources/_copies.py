"""Copies of one dialogue: found by their words, kept once, and never on two sides of a split."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from rapidfuzz import fuzz

from negosim.importing import Drops
from negosim.rl._trajectory import SPLITS, TrajectoryTurn
from negosim.rl.sources._found import Found

LIKENESS = 85.0
"""Nearly the same: this much of the letters of both (rapidfuzz's ratio, 0 to 100)."""

CONTAINED = 0.85
"""Or this share of one's runs of three words in the other: a part of it, its beginning."""

FEWEST = 12
"""Runs of three words that a dialogue must have to be nearly the same as another; shorter ones are alike by
chance."""

COMMON = 64
"""A run of words that more dialogues have than this tells none of them apart."""

_ASKED = 40
"""Rarest runs of a dialogue by which others like it are looked for."""

_KIN = 32
"""A dialogue like more others than this, or than a tenth of all, follows a pattern of its set: no copies."""


@dataclass(frozen=True)
class MergedDialogue:
    """What a source found, its turns merged."""

    found: Found
    turns: tuple[TrajectoryTurn, ...]
    kin: str | None = None
    """What dialogues that are nearly the same have in common, for their split."""

    @cached_property
    def words(self) -> list[str]:
        """What is said, without case and punctuation: copies differ in these first of all."""
        return re.findall(r"\w+", " ".join(turn.text for turn in self.turns).casefold())

    @cached_property
    def letters(self) -> str:
        """The words without spaces, which tokenisers put in and take out."""
        return "".join(self.words)

    @cached_property
    def runs(self) -> frozenset[tuple[str, ...]]:
        """All runs of three words."""
        return frozenset(zip(self.words, self.words[1:], self.words[2:], strict=False))

    @cached_property
    def figures(self) -> Counter[str]:
        """The numbers in it: what differs in these is another negotiation, however alike the words."""
        return Counter(re.findall(r"\d+", " ".join(self.words)))

    @property
    def rank(self) -> int:
        """How far it is kept back: 0 without a published split, then train, validation, test."""
        return 0 if self.found.split is None else 1 + SPLITS.index(self.found.split)


def settle(dialogues: Sequence[MergedDialogue], drops: Drops) -> Iterator[MergedDialogue]:
    """Yield the dialogues to keep, in order; those that must share a split have the same `kin`.

    Of the same words one is kept: the one whose published split is kept back the furthest (test,
    validation, train, none), else the first. What is nearly the same as a dialogue published in a split
    kept back further is left out. Near copies without a published split stay, together.

    Raises:
        UserError: `drops.strict`, and a dialogue is published in two splits.

    """
    kept = list(_once(dialogues, drops))
    near = _near(kept)
    stay = []
    for place, dialogue in enumerate(kept):
        above = [kept[other] for other in near[place] if kept[other].rank > dialogue.rank]
        if above:
            _leave_out(
                dialogue, max(above, key=lambda other: other.rank), "nearly the same as a dialogue", drops
            )
        else:
            stay.append(place)
    names = _families(stay, near, kept)
    if names:
        drops.altered["near copies put into one split (dialogues)"] += len(names)
    yield from (replace(kept[place], kin=names.get(place)) for place in stay)


def _once(dialogues: Sequence[MergedDialogue], drops: Drops) -> Iterator[MergedDialogue]:
    same: dict[tuple[str | None, str], list[MergedDialogue]] = defaultdict(list)
    for dialogue in dialogues:
        same[dialogue.found.system, _exact(dialogue)].append(dialogue)
    for dialogue in dialogues:
        best = max(same[dialogue.found.system, _exact(dialogue)], key=lambda copy: copy.rank)
        if dialogue is best:
            yield dialogue
        else:
            _leave_out(dialogue, best, "the same dialogue as one", drops)


def _exact(dialogue: MergedDialogue) -> str:
    """Return the letters; of a dialogue that has none, its text as it stands."""
    return dialogue.letters or "\n".join(turn.text for turn in dialogue.turns)


def _leave_out(copy: MergedDialogue, kept: MergedDialogue, what: str, drops: Drops) -> None:
    if kept.rank == copy.rank:
        drops.leave_out("the same dialogue as an earlier one", copy.found.where)
    elif copy.rank == 0:
        drops.leave_out(f"{what} published in {kept.found.split}", copy.found.where)
    else:
        reason = f"published in {copy.found.split}, and {what} published in {kept.found.split}: kept there"
        drops.add(reason, copy.found.where)


def _near(dialogues: Sequence[MergedDialogue]) -> Mapping[int, set[int]]:
    """Return which dialogues are nearly the same as which, by their places."""
    near: dict[int, set[int]] = defaultdict(set)
    for one, other in _candidates(dialogues):
        if _alike(dialogues[one], dialogues[other]):
            near[one].add(other)
            near[other].add(one)
    most = min(_KIN, max(2, len(dialogues) // 10))
    patterns = {place for place, others in near.items() if len(others) > most}
    return defaultdict(set, {place: near[place] - patterns for place in near if place not in patterns})


def _candidates(dialogues: Sequence[MergedDialogue]) -> Iterator[tuple[int, int]]:
    """Yield pairs that share rare runs of words; only these are compared."""
    having: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, dialogue in enumerate(dialogues):
        for run in dialogue.runs:
            having[run].append(place)
    met_before: set[tuple[int, int]] = set()
    for place, dialogue in enumerate(dialogues):
        shared = [having[run] for run in dialogue.runs if 2 <= len(having[run]) <= COMMON]
        met = Counter(other for others in sorted(shared, key=len)[:_ASKED] for other in others)
        fewest = 1 if len(dialogue.runs) < 2 * _ASKED else 3
        for other, count in met.items():
            pair = (min(place, other), max(place, other))
            if count >= fewest and other != place and pair not in met_before:
                met_before.add(pair)
                yield pair


def _alike(one: MergedDialogue, other: MergedDialogue) -> bool:
    fewer, more = sorted((one, other), key=lambda dialogue: len(dialogue.runs))
    if one.found.system != other.found.system or len(fewer.runs) < FEWEST:
        return False
    if one.figures == other.figures and fuzz.ratio(one.letters, other.letters, score_cutoff=LIKENESS):
        return True
    return fewer.figures <= more.figures and len(fewer.runs & more.runs) >= CONTAINED * len(fewer.runs)


def _families(
    stay: Sequence[int], near: Mapping[int, set[int]], kept: Sequence[MergedDialogue]
) -> dict[int, str]:
    """Return a common name for all that are linked by nearness and have no published split."""
    free = {place for place in stay if kept[place].rank == 0}
    names: dict[int, str] = {}
    for place in sorted(free):
        if place in names or not near[place] & free:
            continue
        family: set[int] = set()
        waiting = [place]
        while waiting:
            if (one := waiting.pop()) not in family:
                family.add(one)
                waiting += near[one] & free
        name = min(kept[one].found.group or kept[one].found.id for one in family)
        names.update(dict.fromkeys(family, name))
    return names
