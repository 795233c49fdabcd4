"""Labelled dialogues of run folders: imported ones with the label map, and mapped ones as they are."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from negosim.errors import UserError
from negosim.gnome._acts import ActSpan, groups_in, realigned
from negosim.gnome._corpus import StrategyDialogue, StrategyUtterance
from negosim.gnome._labels import label_map
from negosim.records import Dialogue, Turn, tactics_of
from negosim.store import Run

MAPPED = "gnome"
"""What `imported.source` of a run says whose dialogues were mapped, or chosen to be."""

LEAST = 4
"""Utterances below which a dialogue is taken for broken off."""

UNLABELLED = "no labels, or none that align with its texts"
UNFINISHED = "broken off: neither accepted nor rejected nor walked away from"
SHORT = f"broken off: fewer than {LEAST} utterances"
ACTS_UNEXPLAINED = "its acts cannot be realigned with its texts"

_JOB = "job-interview"


@dataclass
class SourceCounts:
    """What of a source is used, and what is not."""

    found: int = 0
    """Dialogues in its runs."""
    used: int = 0
    utterances: int = 0
    """Of the dialogues that are used."""
    unlabelled: int = 0
    """Utterances of these without a class."""
    several: int = 0
    """Utterances with more than one class."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Dialogues that are not used, by reason."""
    wordless: int = 0
    """Moves by button, which are no utterances."""
    unknown: Counter[str] = field(default_factory=Counter)
    """Labels that the map does not have, by label."""
    classes: Counter[str] = field(default_factory=Counter)
    """Utterances by class."""


@dataclass
class LabelledSources:
    """The labelled dialogues of some runs."""

    dialogues: list[StrategyDialogue] = field(default_factory=list)
    counts: dict[str, SourceCounts] = field(default_factory=dict)
    """By source, in the order they were met."""

    def of(self, source: str) -> list[StrategyDialogue]:
        """Return the dialogues of one source."""
        return [dialogue for dialogue in self.dialogues if dialogue.source == source]


def labelled(runs: Iterable[Run]) -> LabelledSources:
    """Read the labelled dialogues of runs: imported ones, or mapped ones.

    Raises:
        UserError: a run is of neither kind, a dialogue stands in two runs, or a run is damaged.

    Examples:
        >>> import negosim
        >>> from negosim.gnome import labelled
        >>> found = labelled([negosim.Run.open("casino")])
        >>> found.counts["casino"].dropped
        Counter({'no labels, or none that align with its texts': 578})

    """
    read = LabelledSources()
    seen: set[tuple[str, str]] = set()
    for run in runs:
        name = source_of(run)
        for dialogue in run:
            source = str(dialogue.facts.get("source")) if name == MAPPED else name
            counts = read.counts.setdefault(source, SourceCounts())
            counts.found += 1
            if (source, dialogue.id) in seen:
                raise UserError(f"{run.path}: dialogue {dialogue.id!r} of {source} stands in two of the runs")
            seen.add((source, dialogue.id))
            found = _mapped(dialogue, source) if name == MAPPED else _published(dialogue, source, counts)
            if found is not None:
                read.dialogues.append(found)
                _count(counts, found)
    return read


def source_of(run: Run) -> str:
    """Return what a run's labels are: the name of its importer, or `MAPPED`.

    Raises:
        UserError: it has no labels that the map knows.

    """
    imported = run.header.imported
    name = imported.source if imported is not None else None
    if name == MAPPED or name in label_map().sources:
        return str(name)
    known = ", ".join(label_map().sources)
    raise UserError(
        f"{str(run.path)!r} is no run with labelled strategies: import one of {known} (negosim import), or "
        "name a run that negosim gnome made"
    )


def _count(counts: SourceCounts, dialogue: StrategyDialogue) -> None:
    counts.used += 1
    counts.utterances += len(dialogue.utterances)
    for utterance in dialogue.utterances:
        counts.classes.update(utterance.strategies)
        counts.unlabelled += not utterance.strategies
        counts.several += len(utterance.strategies) > 1


def _mapped(dialogue: Dialogue, source: str) -> StrategyDialogue:
    facts = dialogue.facts
    return StrategyDialogue(
        id=dialogue.id,
        source=source,
        utterances=tuple(
            StrategyUtterance(turn.role, turn.utterance.text, tactics_of(turn.tactic))
            for turn in dialogue.turns
        ),
        group=str(facts["group"]),
        about=str(facts.get("about") or ""),
        parent=str(facts["parent"]) if "parent" in facts else None,
        domain=str(facts["domain"]) if "domain" in facts else None,
    )


def _published(dialogue: Dialogue, source: str, counts: SourceCounts) -> StrategyDialogue | None:
    turns = [turn for turn in dialogue.turns if not turn.utterance.wordless]
    reason, utterances = None, list[StrategyUtterance]()
    if source == _JOB:
        reason, utterances = _realigned(dialogue, turns)
    elif not any(turn.tactic for turn in turns):
        reason = UNLABELLED
    elif source == "craigslist" and not _finished(dialogue):
        reason = UNFINISHED
    else:
        utterances = [_utterance(turn, source, counts) for turn in turns]
    if reason is None and len(utterances) < LEAST:
        reason = SHORT
    if reason is not None:
        counts.dropped[reason] += 1
        return None
    counts.wordless += len(dialogue.turns) - len(turns)
    post = dialogue.facts.get("post")
    about = str(dialogue.facts.get("title") or "")
    group = f"{source}:{post if post is not None else dialogue.id}"
    return StrategyDialogue(dialogue.id, source, tuple(utterances), group, about)


def _finished(dialogue: Dialogue) -> bool:
    """Tell whether a bargain came to its end: accepted or rejected, not only left."""
    return tactics_of(dialogue.turns[-1].tactic)[:1] in (("accept",), ("reject",))


def _utterance(turn: Turn, source: str, counts: SourceCounts) -> StrategyUtterance:
    labels = tactics_of(turn.tactic)
    counts.unknown.update(label for label in labels if label not in label_map().source(source).labels)
    return StrategyUtterance(turn.role, turn.utterance.text, label_map().classes_of(source, labels))


def _realigned(dialogue: Dialogue, turns: Sequence[Turn]) -> tuple[str | None, list[StrategyUtterance]]:
    """Return the turns that acts were given to, several messages in one; or why there are none."""
    acts = dialogue.facts.get("acts")
    if not acts:
        return UNLABELLED, []
    spans = _spans(tuple(turn.utterance.text for turn in turns), str(acts))
    if spans is None:
        return ACTS_UNEXPLAINED, []
    return None, [
        StrategyUtterance(
            turns[span.start].role,
            " ".join(turn.utterance.text for turn in turns[span.start : span.stop]),
            label_map().classes_of(_JOB, tuple(span.acts)),
        )
        for span in spans
    ]


@lru_cache(maxsize=4096)
def _spans(texts: tuple[str, ...], acts: str) -> list[ActSpan] | None:
    """Return a row's spans; rows are read again where a run is mapped and then tested."""
    return realigned(texts, groups_in(acts))


def spoken(dialogues: Iterable[StrategyDialogue]) -> Iterator[StrategyUtterance]:
    """Yield the utterances that somebody labelled."""
    for dialogue in dialogues:
        yield from (item for item in dialogue.utterances if item.strategies)
