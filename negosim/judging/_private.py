"""Measures asked of a stored dialogue: what roles believe about the others, or the scenario's own once more.

An agent keeps no state, so the view it had at any moment is built again from the stored dialogue, and
the agent itself is asked: the embedded ones, or the model that played the role.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from negosim.agents import (
    PERSON,
    Agent,
    AgentContext,
    Answered,
    Answers,
    ChatAgent,
    agent_factory,
    answer_of,
)
from negosim.config import RunConfig
from negosim.errors import UserError
from negosim.judging._protocol import Item, Task
from negosim.judging._reader import Reader
from negosim.models import ModelSpec
from negosim.records import Dialogue, Judgement, agent_perspective
from negosim.scenarios import PRIORITY, RESERVATION, Measure, Scenario, belief_measure, scale

BELIEFS, BELIEFS_TURNS, MEASURES = "beliefs", "beliefs-turns", "measures"
"""Ids of the sets: beliefs at the ends, beliefs in between, the scenario's own measures."""

PART = "belief-"
"""What the question of a part of a belief begins with: "belief-reservation", "belief-priority-ISSUE"."""

ONLY_IN_PLAY = Answered("not_applicable", reason="what plays this role answers while it plays alone")

Asked = tuple[Measure, int | None, int]
"""A question: the measure, the role it is about, and how many utterances have been made."""


class MeasureQuestionnaire:
    """Asks each agent, by its own model, the measures that were or could have been asked of it.

    `belief-reservation` is in points on the other's own scale; the agent says where between the other's
    worst and best deal it lies, for it does not know the points. `belief-priority-ISSUE` is the issue's
    share of what matters to the other. Other answers are as `Measurement` has them.
    """

    def __init__(self, id: str) -> None:
        self.id = id
        self.templates = ("measure", "beliefs") if id == MEASURES else ("beliefs",)

    def content(self, scenario: Scenario) -> Any:
        """Return what is asked: measures, and what decides what beliefs mean: scales and issues."""
        measures = self._measures(scenario)
        if not measures:
            return None
        content: dict[str, Any] = {}
        if any(measure.answer == "belief" for measure in measures):
            scales = [scale(role, scenario.issues) for role in scenario.roles]
            content = {"issues": [issue.id for issue in scenario.issues], "scales": scales}
        if self.id == MEASURES:
            content["measures"] = [measure.model_dump(mode="json") for measure in measures]
        return content

    def models(self, config: RunConfig) -> Sequence[str]:
        """Ask the agents themselves."""
        return config.models

    def seats(
        self, dialogue: Dialogue, scenario: Scenario, judges: Sequence[str]
    ) -> Iterator[tuple[str, str]]:
        """Return each agent's model with its own perspective, if it is asked something."""
        for role, model in enumerate(dialogue.models):
            if self._asked(dialogue, scenario, role):
                yield model, agent_perspective(role)

    def items(self, task: Task) -> Sequence[Item]:
        """Return each measure about each role at each moment; a belief is one item a part."""
        return [item for asked in self._asked_in(task) for item in _items(task, asked)]

    async def answer(self, task: Task) -> Sequence[Judgement]:
        """Ask the agent at each moment; one failure does not spoil the rest.

        Raises:
            UserError: agents of its kind have no beliefs.

        """
        reader = task.reader
        assert reader is not None
        agent = _agent(task, reader)
        judgements: list[Judgement] = []
        if self.id != MEASURES and not isinstance(agent, Answers):
            raise UserError(f"{task.judge} does not say what it believes; leave --beliefs out")
        for measure, about, turn in self._asked_in(task):
            answered = ONLY_IN_PLAY
            if agent is not None:
                answered = await answer_of(agent, reader.view(turn), measure, about, task.repeat)
            judgements += _judged(task, (measure, about, turn), answered)
        return judgements

    def _measures(self, scenario: Scenario) -> Sequence[Measure]:
        if self.id == MEASURES:
            return scenario.measures
        return [belief_measure(list(scenario.role_index))] if scenario.has_deals else []

    def _asked_in(self, task: Task) -> list[Asked]:
        assert task.reader is not None
        return self._asked(task.dialogue, task.scenario, task.reader.side.index)

    def _asked(self, dialogue: Dialogue, scenario: Scenario, role: int) -> list[Asked]:
        """Return what a role is asked, moment by moment."""
        asked = [
            (measure, other, turn)
            for measure in self._measures(scenario)
            if role in measure.roles(scenario.role_index)
            for turn in self._turns(measure, len(dialogue.turns))
            for other in measure.targets(role, len(scenario.roles))
        ]
        return sorted(asked, key=lambda one: one[2])

    def _turns(self, measure: Measure, said: int) -> Sequence[int]:
        """Return how many utterances have been made at each moment."""
        if self.id == BELIEFS_TURNS:
            return range(1, said)
        moments = {"before": [0], "after": [said], "each_turn": range(1, said + 1)}
        return sorted({turn for moment in measure.when for turn in moments[moment]})


def _agent(task: Task, reader: Reader) -> Agent | None:
    """Return the agent that is asked, as it played; None for people and what speaks through a chat model."""
    if task.client is not None:
        return ChatAgent(task.client, reader.agent_writer, task.ledger)
    spec = ModelSpec.parse(task.judge)
    factory = agent_factory(spec.kind)
    return None if factory is PERSON or factory.through else factory.make(AgentContext(spec, reader.side))


def _items(task: Task, asked: Asked) -> list[Item]:
    measure, about, turn = asked
    if measure.answer != "belief":
        return [Item(measure.id, about, turn)]
    parts = (RESERVATION, *(PRIORITY + issue.id for issue in task.scenario.issues))
    return [Item(PART + part, about, turn) for part in parts]


def _judged(task: Task, asked: Asked, answered: Answered) -> list[Judgement]:
    items, given = _items(task, asked), answered.value
    if given is None:
        return [item.judged(answered.status, reason=answered.reason[:1000]) for item in items]
    if not isinstance(given, dict):
        return [items[0].judged("ok", value=given)]
    _, about, _ = asked
    assert about is not None
    low, high = scale(task.scenario.roles[about], task.scenario.issues)
    points = {PART + part: share for part, share in given.items()}
    points[PART + RESERVATION] = low + given[RESERVATION] * (high - low)
    return [item.judged("ok", value=round(points[item.question], 6)) for item in items]
