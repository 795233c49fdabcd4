"""Run folders of labelled dialogues: the chosen seed set, and what was mapped from it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from negosim.config import RunConfig
from negosim.gnome._corpus import StrategyDialogue
from negosim.gnome._labels import label_map, map_digest
from negosim.gnome._sources import MAPPED
from negosim.importing import conversation
from negosim.records import Condition, Dialogue, Fact, Outcome, Turn, Utterance
from negosim.scenarios import Scenario
from negosim.store import Fingerprint, ImportOrigin, Run, RunHeader, whole_run

CITATION = (
    "Deshpande, D., Sinha, S., Ravi Kumar, A., Pal, D., & May, J. (2024). GNOME: Generating Negotiations "
    "through Open-Domain Mapping of Exchanges."
)


@dataclass(frozen=True)
class WrittenDialogue:
    """A dialogue to be stored, and what else is known of it."""

    dialogue: StrategyDialogue
    model: str
    """Who said it: "human", the embedded mapper, or a model's name."""
    seed: int = 0
    facts: Mapping[str, Fact] = field(default_factory=dict)
    described: str = ""
    """In place of the scenario's description."""


@dataclass(frozen=True)
class RunStory:
    """What a run says of how its dialogues came to be."""

    title: str
    note: str
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    altered: Mapping[str, int] = field(default_factory=dict)


def frame(source: str) -> Scenario:
    """Return what all dialogues from one data set have in common."""
    title = label_map().source(source).title
    return conversation(
        f"{MAPPED}-{source}",
        ("First speaker", "Second speaker"),
        title=f"Talks from {title}",
        context="Two people talk about what each of them wants.",
        source=CITATION,
    )


def record(index: int, written: WrittenDialogue) -> Dialogue:
    """Return the record of a labelled dialogue; its turns bear the classes as tactics."""
    dialogue = written.dialogue
    scenario = frame(dialogue.source)
    facts: dict[str, Fact] = {"source": dialogue.source, "group": dialogue.group}
    known = {"about": dialogue.about or None, "parent": dialogue.parent, "domain": dialogue.domain}
    facts |= {name: value for name, value in known.items() if value is not None}
    context = written.described
    if dialogue.domain is not None and not context:
        context = f"{scenario.context} Domain: {dialogue.domain}."
    own = scenario.model_copy(update={"context": context}) if context else None
    return Dialogue(
        id=dialogue.id,
        scenario=scenario.id,
        index=index,
        seed=written.seed,
        condition=Condition(known=False),
        opener=dialogue.utterances[0].role,
        models=(written.model,) * 2,
        status="complete",
        end="ended",
        turns=tuple(
            Turn(
                index=number,
                role=item.role,
                tactic="+".join(item.strategies) or None,
                utterance=Utterance(text=item.text),
            )
            for number, item in enumerate(dialogue.utterances)
        ),
        votes=(),
        outcome=Outcome(status="not_applicable"),
        own_scenario=own,
        facts={**facts, **written.facts},
    )


def write_run(out: Path, dialogues: Sequence[WrittenDialogue], story: RunStory) -> Run:
    """Make a run folder, whole or not at all.

    Raises:
        UserError: the folder is there and not empty, or cannot be written.

    """
    counts: dict[str, int] = {}
    with whole_run(out) as part:
        run = Run.create(part, _header(dialogues, story))
        with run.writing() as writer:
            for written in dialogues:
                source = written.dialogue.source
                writer.append(record(counts.setdefault(source, 0), written))
                counts[source] += 1
    return Run.open(out)


def _header(dialogues: Sequence[WrittenDialogue], story: RunStory) -> RunHeader:
    sources = list(dict.fromkeys(item.dialogue.source for item in dialogues))
    counts = [sum(item.dialogue.source == source for item in dialogues) for source in sources]
    scenarios = {scenario.id: scenario for scenario in map(frame, sources)}
    return RunHeader(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        config=RunConfig(
            scenarios=tuple(scenarios),
            dialogues=max(counts),
            conditions=("unknown",),
            models=tuple(dict.fromkeys(item.model for item in dialogues)),
            planner="direct",
            seed=story.seed,
        ),
        fingerprint=Fingerprint.unplayed(),
        scenarios=scenarios,
        planned=len(dialogues),
        imported=ImportOrigin(
            source=MAPPED,
            title=story.title,
            licence=licences(sources),
            citation=CITATION,
            note=story.note,
            settings={"label_map": map_digest(), **story.settings},
            left_out=dict(story.left_out),
            altered=dict(story.altered),
        ),
    )


def licences(sources: Iterable[str]) -> str:
    """Return the licences of the texts that dialogues are made from, by data set."""
    found = (label_map().source(source) for source in sources)
    return "; ".join(f"{source.title}: {source.licence}" for source in found)


def write_seeds(out: Path, dialogues: Sequence[StrategyDialogue], settings: Mapping[str, Any]) -> Run:
    """Make a run folder of the dialogues that are to be mapped.

    Raises:
        UserError: the folder is there and not empty, or cannot be written.

    """
    story = RunStory(
        "Seed set for mapping",
        "The dialogues of each source that are richest in rare strategies; tactics are classes of strategy.",
        settings=settings,
    )
    return write_run(out, [WrittenDialogue(dialogue, "human") for dialogue in dialogues], story)
