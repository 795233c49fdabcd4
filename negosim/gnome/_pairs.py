"""Human check of mapped dialogues: pairs of source and mapped dialogue, as a run that people annotate."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from random import Random

from negosim.errors import UserError
from negosim.gnome._corpus import StrategyDialogue
from negosim.gnome._sources import MAPPED, labelled, source_of
from negosim.gnome._write import RunStory, WrittenDialogue, write_run
from negosim.measures import Estimate, judged_rows, reliability
from negosim.records import PERSON
from negosim.store import Run

PAIRS = "gnome-pairs"
"""The question set that is asked about pairs."""
SAMPLE = 100


def write_pairs(
    mapped: Run, sources: Sequence[Run], out: str | Path, *, sample: int = SAMPLE, seed: int = 0
) -> Run:
    """Make a run of mapped dialogues, each with its source in its description, for `negosim annotate`.

    Args:
        mapped: the mapped run.
        sources: the runs it was mapped from.
        out: the run folder to make.
        sample: how many pairs, drawn without replacement; all where there are no more.
        seed: another seed draws other ones.

    Raises:
        UserError: a source is missing, or the folder cannot be written.

    """
    if source_of(mapped) != MAPPED:
        raise UserError(f"{str(mapped.path)!r} is not mapped; name a run of negosim gnome map first")
    if sample < 1:
        raise UserError(f"sample must be at least 1, not {sample}")
    parents = {(item.source, item.id): item for item in labelled(sources).dialogues}
    children = [item for item in labelled([mapped]).dialogues if item.parent is not None]
    chosen = sorted(Random(seed).sample(range(len(children)), min(sample, len(children))))
    written = []
    for child in (children[number] for number in chosen):
        parent = parents.get((child.source, str(child.parent)))
        if parent is None:
            raise UserError(
                f"{mapped.path}: {child.id} was mapped from {child.parent!r} of {child.source}, which is in "
                "none of the source runs; name them all behind the mapped one"
            )
        written.append(WrittenDialogue(child, mapped.config.models[0], described=told(parent)))
    story = RunStory("Pairs of source and mapped dialogue", "For the question set gnome-pairs.", seed=seed)
    return write_run(Path(out).expanduser(), written, story)


def told(dialogue: StrategyDialogue) -> str:
    """Return a dialogue as the description of its pair shows it."""
    lines = [
        f"{number}. {'First' if item.role == 0 else 'Second'} speaker: {item.text}"
        for number, item in enumerate(dialogue.utterances, 1)
    ]
    return "\n".join(["The source, from which the conversation below was made:", *lines])


@dataclass(frozen=True)
class PairAgreement:
    """What raters say of pairs, on one question."""

    question: str
    ratings: int
    mean: float
    alpha: Estimate | None
    """Krippendorff's, ordinal, among people; None where no pair has two raters."""
    same: float | None
    """Share of pairs of ratings of the same dialogue that are equal."""


def pair_agreement(run: Run) -> list[PairAgreement]:
    """Return means and agreement of the people who annotated pairs.

    Raises:
        UserError: nobody has.

    """
    ratings: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for sheet in run.judgements():
        if sheet.questions == PAIRS and sheet.judge.startswith(PERSON):
            for item in sheet.judgements:
                if item.status == "ok":
                    ratings[item.question][sheet.dialogue].append(int(item.value or 0))
    if not ratings:
        raise UserError(
            f"nobody has answered {PAIRS} about {str(run.path)!r}: negosim annotate {run.path} --questions "
            f"{PAIRS} --name YOU"
        )
    found = reliability(judged_rows(run, [PAIRS]))
    alphas = {item.question: item.alpha for item in found if item.among == "people"}
    return [_agreement(question, given, alphas.get(question)) for question, given in ratings.items()]


def _agreement(question: str, by_dialogue: dict[str, list[int]], alpha: Estimate | None) -> PairAgreement:
    grades = [grade for given in by_dialogue.values() for grade in given]
    equal = [one == other for given in by_dialogue.values() for one, other in combinations(given, 2)]
    return PairAgreement(
        question,
        len(grades),
        sum(grades) / len(grades),
        alpha,
        sum(equal) / len(equal) if equal else None,
    )
