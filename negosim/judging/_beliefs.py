"""Belief shift: what each agent privately believes about the others, before, during and after.

An agent keeps no state, so the view it had at any moment is built again from the stored dialogue, and
the agent itself is asked: the simulated negotiator, or the model that played the role.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from negosim.agents import AgentContext, Belief, Believes, ChatAgent, agent_factory
from negosim.config import RunConfig
from negosim.errors import ModelError, ProtocolError, UserError
from negosim.judging._protocol import Item, Task, failures
from negosim.judging._reader import Reader
from negosim.models import ModelSpec
from negosim.records import Dialogue, Judgement, agent_perspective
from negosim.scenarios import Scenario, scale

BELIEFS, BELIEFS_TURNS = "beliefs", "beliefs-turns"
RESERVATION, PRIORITY = "belief-reservation", "belief-priority-"
"""Questions; the second is followed by the issue's id."""

Moments = Literal["ends", "turns"]
"""When beliefs are asked for: before the first and after the last utterance; after each one in between."""


class BeliefQuestionnaire:
    """Asks each agent, by its own model, for its beliefs about every other role.

    `belief-reservation` is in points on the other's own scale; the agent says where between the other's
    worst and best deal it lies, for it does not know the points. `belief-priority-ISSUE` is the issue's
    share of what matters to the other.
    """

    templates = ("beliefs",)

    def __init__(self, moments: Moments) -> None:
        self.id = BELIEFS if moments == "ends" else BELIEFS_TURNS
        self._moments = moments

    def content(self, scenario: Scenario) -> Any:
        """Return what is asked about: the roles' scales and issues decide what answers mean."""
        scales = [scale(role, scenario.issues) for role in scenario.roles]
        return {"issues": [issue.id for issue in scenario.issues], "scales": scales}

    def models(self, config: RunConfig) -> Sequence[str]:
        """Ask the agents themselves."""
        return config.models

    def seats(
        self, dialogue: Dialogue, scenario: Scenario, judges: Sequence[str]
    ) -> Iterator[tuple[str, str]]:
        """Return each agent's model with its own perspective, if there is a moment to ask about."""
        if self._turns(dialogue):
            yield from ((model, agent_perspective(role)) for role, model in enumerate(dialogue.models))

    def items(self, task: Task) -> Sequence[Item]:
        """Return the reservation value and every priority of each other role, at each moment."""
        return [
            item
            for turn in self._turns(task.dialogue)
            for other in _others(task)
            for item in _items(task, other, turn)
        ]

    async def answer(self, task: Task) -> Sequence[Judgement]:
        """Ask the agent at each moment about each other role; one failure does not spoil the rest."""
        reader = task.reader
        assert reader is not None
        agent = _believer(task, reader)
        judgements: list[Judgement] = []
        for turn in self._turns(task.dialogue):
            view = reader.view(turn)
            for other in _others(task):
                try:
                    belief = await agent.believe(view, other, task.repeat)
                except (ProtocolError, ModelError) as error:
                    judgements += failures(_items(task, other, turn), error)
                else:
                    judgements += _judgements(task, other, turn, belief)
        return judgements

    def _turns(self, dialogue: Dialogue) -> Sequence[int]:
        """Return how many utterances have been made at each moment."""
        said = len(dialogue.turns)
        return (0, said) if self._moments == "ends" else range(1, said)


def _believer(task: Task, reader: Reader) -> Believes:
    """Return the agent that is asked, as it played.

    Raises:
        UserError: agents of its kind do not say what they believe.

    """
    if task.client is not None:
        return ChatAgent(task.client, reader.agent_writer, task.ledger)
    spec = ModelSpec.parse(task.judge)
    agent = agent_factory(spec.kind).make(AgentContext(spec, reader.side))
    if not isinstance(agent, Believes):
        raise UserError(f"{task.judge} does not say what it believes; leave --beliefs out")
    return agent


def _others(task: Task) -> Sequence[int]:
    assert task.reader is not None
    return task.reader.side.others


def _items(task: Task, other: int, turn: int) -> list[Item]:
    questions = [RESERVATION, *(PRIORITY + issue.id for issue in task.scenario.issues)]
    return [Item(question, other, turn) for question in questions]


def _judgements(task: Task, other: int, turn: int, belief: Belief) -> list[Judgement]:
    low, high = scale(task.scenario.roles[other], task.scenario.issues)
    values = [low + belief.reservation * (high - low)]
    values += [belief.priorities[issue.id] for issue in task.scenario.issues]
    items = _items(task, other, turn)
    return [item.judged("ok", value=round(value, 6)) for item, value in zip(items, values, strict=True)]
