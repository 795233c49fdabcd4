"""The way of one person through a study: its stages in order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from negosim.study._order import letters
from negosim.study._schema import Study

StageKind = Literal[
    "consent", "questions", "instructions", "practice", "talk", "survey", "debriefing", "done"
]


@dataclass(frozen=True)
class StudyStage:
    """One page, or one conversation."""

    kind: StageKind
    block: str = ""
    agent: int = -1
    """Position of the agent in the block's list."""
    number: int = 0
    """Of the conversation with that agent, from 1; of a survey 0 where it is about all of them."""
    called: str = ""
    """What the agent is called for this person: "Agent A"."""


def stages_of(study: Study, orders: Mapping[str, Sequence[int]]) -> tuple[StudyStage, ...]:
    """Return the stages of a person.

    Args:
        study: the study.
        orders: by block, the positions of its agents in the order they are met; empty before consent.

    """
    return tuple(_stages(study, orders))


def _stages(study: Study, orders: Mapping[str, Sequence[int]]) -> Iterator[StudyStage]:
    yield StudyStage("consent")
    if study.questions:
        yield StudyStage("questions")
    yield StudyStage("instructions")
    if study.practice is not None and orders:
        yield StudyStage("practice", block=study.practice.block or next(iter(orders)))
    survey, called = study.survey, letters(orders)
    about_agents = [
        StudyStage("survey", block, agent, 0, called[block, agent])
        for block, order in orders.items()
        for agent in order
        if survey is not None and survey.per == "agent"
    ]
    for block, order in orders.items():
        for agent in order:
            for number in range(1, study.block(block).conversations + 1):
                yield StudyStage("talk", block, agent, number, called[block, agent])
                if survey is not None and survey.per == "conversation":
                    yield StudyStage("survey", block, agent, number, called[block, agent])
            if survey is not None and survey.when == "at_once":
                yield from (one for one in about_agents if (one.block, one.agent) == (block, agent))
    if survey is not None and survey.when == "at_end":
        yield from about_agents
    if study.debriefing is not None:
        yield StudyStage("debriefing")
    yield StudyStage("done")
