"""Asking a model about claims of known truth: each is the last utterance of a dialogue of its own."""

from collections.abc import Mapping

from negosim import Condition, RunConfig
from negosim.judging import Situation, Task
from negosim.judging._reader import Reader
from negosim.judging._situations import situations
from negosim.models import Ledger, ModelClient
from negosim.prompts import Prompts
from negosim.records import THIRD_PARTY, Dialogue, Outcome, Turn, Utterance
from negosim.scenarios import Role, Scenario, Value
from negosim.taxonomies import load_taxonomy

TABLE = "That is what we propose."


def task_about(
    scenario: Scenario, role: Role, text: str, client: ModelClient, table: Mapping[str, Value] | None = None
) -> tuple[Task, Turn, list[Situation]]:
    """Return a sheet about an utterance, that utterance and what it was said in.

    With `table`, the other side has made that offer before.
    """
    position = scenario.roles.index(role)
    other = (position + 1) % len(scenario.roles)
    turns = []
    if table:
        turns.append(
            Turn(index=0, role=other, utterance=Utterance(text=TABLE, action="offer", offer=dict(table)))
        )
    turns.append(Turn(index=len(turns), role=position, utterance=Utterance(text=text)))
    dialogue = Dialogue(
        id=f"{scenario.id}/{role.id}",
        scenario=scenario.id,
        index=0,
        seed=0,
        condition=Condition(),
        opener=turns[0].role,
        models=tuple("unknown" for _ in scenario.roles),
        status="complete",
        end="max_turns",
        turns=tuple(turns),
        votes=(),
        outcome=Outcome(status="unknown"),
    )
    config = RunConfig(scenarios=(scenario.id,))
    reader = Reader(
        dialogue,
        scenario,
        THIRD_PARTY,
        prompts=Prompts(scenario.id),
        taxonomies=(load_taxonomy(config.tactics_in(scenario)), load_taxonomy(config.techniques)),
        max_turns=config.max_turns,
    )
    task = Task(
        dialogue=dialogue,
        scenario=scenario,
        questions="claims",
        perspective=THIRD_PARTY,
        judge=client.model.name,
        repeat=0,
        reader=reader,
        client=client,
        ledger=Ledger(),
    )
    return task, turns[-1], situations(turns, scenario)
