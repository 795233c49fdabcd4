"""Post-processing of mapped dialogues: what is taken, what is mended, what is dropped and why."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from negosim.errors import UserError
from negosim.gnome._corpus import StrategyDialogue
from negosim.gnome._lexicon import leftovers, words_of
from negosim.gnome._markers import read_marked
from negosim.gnome._near import NearIndex, normalised

MOST_LEFT = 0.1
"""Share of utterances that may have a word of the source's domain left."""

Drop = Literal["failed", "truncated", "number", "markers", "copy", "duplicate", "near_duplicate", "leftover"]

DROPS: Mapping[Drop, str] = {
    "failed": "no usable answer",
    "truncated": "the answer was cut off at its longest",
    "number": "another number of utterances than the source has",
    "markers": "end markers can be read in no way, or in several",
    "copy": "a copy of the seed set, or nearly",
    "duplicate": "the same as another mapped dialogue, word for word",
    "near_duplicate": "nearly the same as another mapped dialogue",
    "leftover": "words of the source's domain are left",
}
"""Why a mapped dialogue is not taken; the first that holds, in this order."""


@dataclass(frozen=True)
class MappedAnswer:
    """One mapping as it came back."""

    parent: str
    """Id of the source dialogue."""
    source: str
    copy: int
    """Which of the mappings of this dialogue, from 1."""
    domain: str = ""
    items: tuple[str, ...] = ()
    failed: Literal["failed", "truncated"] | None = None

    @property
    def id(self) -> str:
        """The id of the mapped dialogue."""
        return f"{self.source}-{self.parent}-m{self.copy}"


@dataclass
class PostProcessed:
    """The mapped dialogues that are taken, and the others by reason."""

    taken: dict[str, StrategyDialogue] = field(default_factory=dict)
    """By id, in the order they came."""
    dropped: dict[str, Drop] = field(default_factory=dict)
    """Reasons by id."""
    repaired: Counter[str] = field(default_factory=Counter)
    """Dialogues whose markers were mended, by fault."""

    def drops(self) -> dict[Drop, int]:
        """Return the number of dialogues dropped for each reason, those for which none was included."""
        counts = Counter(self.dropped.values())
        return {reason: counts[reason] for reason in DROPS}


def post_process(
    answers: Iterable[MappedAnswer],
    seeds: Sequence[StrategyDialogue],
    *,
    most_left: float = MOST_LEFT,
) -> PostProcessed:
    """Take the mapped dialogues that are as long as their sources, new, and free of the source's domain.

    Labels are carried over utterance by utterance; each dialogue bears its parent and stays in its parent's
    group, so that no split can part the two.

    Args:
        answers: the mappings; of two that are the same, the first is taken.
        seeds: the dialogues that were mapped.
        most_left: share of utterances that may have words of the source's domain.

    Raises:
        UserError: a mapping is of a dialogue that is none of the seeds.

    """
    if not 0 <= most_left <= 1:
        raise UserError(f"most_left must be a share from 0 to 1, not {most_left}")
    parents = {(seed.source, seed.id): seed for seed in seeds}
    done, seen, index = PostProcessed(), set[str](), NearIndex()
    originals = NearIndex()
    for seed in seeds:
        originals.add(normalised(seed.texts))
    for answer in answers:
        parent = parents.get((answer.source, answer.parent))
        if parent is None:
            raise UserError(
                f"{answer.id}: dialogue {answer.parent!r} of {answer.source} is none of the seeds"
            )
        reason, child = _read(answer, parent, done.repaired)
        if child is not None:
            text = normalised(child.texts)
            reason = _known(text, originals, seen, index) or _left(child, parent, most_left)
        if reason is None and child is not None:
            done.taken[child.id] = child
            seen.add(text)
            index.add(text)
        elif reason is not None:
            done.dropped[answer.id] = reason
    return done


def _read(
    answer: MappedAnswer, parent: StrategyDialogue, repaired: Counter[str]
) -> tuple[Drop | None, StrategyDialogue | None]:
    if answer.failed is not None:
        return answer.failed, None
    reading = read_marked(answer.items, len(parent.utterances))
    if reading.utterances is None:
        return ("markers" if reading.faults else "number"), None
    if reading.repaired:
        repaired.update(reading.faults)
    return None, mapped_child(answer, parent, reading.utterances)


def mapped_child(answer: MappedAnswer, parent: StrategyDialogue, texts: Sequence[str]) -> StrategyDialogue:
    """Return a mapped dialogue: new words, and all else its parent's."""
    return replace(
        parent,
        id=answer.id,
        utterances=tuple(replace(own, text=text) for own, text in zip(parent.utterances, texts, strict=True)),
        about="",
        parent=parent.id,
        domain=answer.domain,
    )


def _known(text: str, originals: NearIndex, seen: set[str], index: NearIndex) -> Drop | None:
    if originals.nearest(text) is not None:
        return "copy"
    if text in seen:
        return "duplicate"
    return "near_duplicate" if index.nearest(text) is not None else None


def _left(child: StrategyDialogue, parent: StrategyDialogue, most: float) -> Drop | None:
    kept = words_of(child.domain or "")
    having = sum(bool(leftovers(child.source, text, kept)) for text in child.texts)
    return "leftover" if having > most * len(child.utterances) else None
