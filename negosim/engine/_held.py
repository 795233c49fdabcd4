"""Conversations that are held one by one, for as long as people take: each kept step by step, wherever."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from negosim._frozen import Frozen
from negosim.agents import Seat, seated
from negosim.config import RunConfig
from negosim.engine._events import Watcher
from negosim.engine._plan import Job, Plan, resolve
from negosim.engine._state import History
from negosim.models import Budget, ChatModel, open_clients
from negosim.records import Call, Dialogue, End, Measurement, Turn, Vote
from negosim.scenarios import Scenario

if TYPE_CHECKING:
    from negosim.engine._play import Clients, KeptSteps


class HeldStep(Frozen):
    """What a turn or a round of votes has added to a conversation; all else follows from it."""

    turns: tuple[Turn, ...] = ()
    votes: tuple[Vote, ...] = ()
    calls: tuple[Call, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    end: End | None = None

    @classmethod
    def of(cls, added: History) -> "HeldStep":
        """Return what is to be kept of a step."""
        return cls(**{name: value for name, value in added.items() if name in cls.model_fields})

    def history(self) -> History:
        """Return the step as the engine takes it."""
        kept: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        return cast(History, kept)


@dataclass(frozen=True)
class HeldConversations:
    """Conversations of one configuration, with its models open."""

    plan: Plan
    clients: "Clients"

    async def play(self, id: str, index: int, kept: "KeptSteps", watch: Watcher) -> Dialogue:
        """Play one to its end, from where it stands.

        Args:
            id: of its record.
            index: its number; another one draws other chances.
            kept: what of it was kept, and where each step is kept before anything comes of it.
            watch: told of every turn, those kept included.

        Raises:
            ModelError: every other conversation would fail likewise.
            BudgetError: the budget is used up.

        """
        from negosim.engine._play import RunSetting, play

        (template,) = self.plan.jobs
        job = Job(id, template.scenario, template.condition, index, template.models, template.traits)

        class Only:
            """Progress of this conversation alone."""

            def of(self, dialogue: str) -> "KeptSteps":
                """Return what is kept of it."""
                return kept

        return await play(RunSetting(self.plan, self.clients, watch, Only()), job)


def _nowhere(role: int) -> Seat:
    raise LookupError("nobody has sat down yet")


@asynccontextmanager
async def held_conversations(
    config: RunConfig,
    *,
    scenario: Scenario | None = None,
    budget: Budget | None = None,
    cache: bool = False,
    chat_models: Mapping[str, ChatModel] | None = None,
) -> AsyncIterator[HeldConversations]:
    """Open the models of a configuration for conversations that are held one by one.

    Args:
        config: what they are like: one scenario, one condition.
        scenario: the scenario in place of what its name says, with other measures.
        budget: what the models' calls may use.
        cache: whether answers of models are reused; people are not to get the same words twice.
        chat_models: models of the caller's own, by the name the configuration gives them.

    Raises:
        UserError: something named is wrong, or a model cannot be reached.

    """
    provided = chat_models or {}
    with seated(_nowhere):  # whether the agents fit is asked before anybody sits down
        plan = resolve(config, provided)
    if scenario is not None:
        plan = replace(plan, scenarios={scenario.id: scenario})
    async with open_clients(plan.specs, provided, cache=cache, budget=budget) as clients:
        yield HeldConversations(plan, clients)
