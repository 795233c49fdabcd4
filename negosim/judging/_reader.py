"""A perspective's view of a dialogue, as prompts that share their beginning."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from negosim.models import Message
from negosim.prompts import ObserverWriter, Prompts, PromptWriter
from negosim.records import THIRD_PARTY, Dialogue, agent_perspective
from negosim.scenarios import Scenario
from negosim.seeding import Seed
from negosim.table import table_after
from negosim.taxonomies import Taxonomy
from negosim.traits import Trait
from negosim.views import PublicTurn, Side, View, audience_of, public_record, side_of, view_of


class Reader:
    """One perspective on one dialogue.

    The third party sees what is public: the context, who negotiates, the issues, the transcript with
    its offers. An agent sees besides its own brief and thoughts, as it did when it spoke. Nobody sees
    condition or models.
    """

    def __init__(
        self,
        dialogue: Dialogue,
        scenario: Scenario,
        perspective: str,
        *,
        prompts: Prompts,
        taxonomies: tuple[Taxonomy, Taxonomy],
        max_turns: int,
        traits: Sequence[Sequence[Trait]] = (),
    ) -> None:
        """Take what views and prompts are made from; `taxonomies` are those of tactics and techniques.

        `traits` are those that the run gave to each role.
        """
        self._dialogue = dialogue
        self._scenario = scenario
        self.prompts = prompts
        self._taxonomies = taxonomies
        self._max_turns = max_turns
        self._traits = traits
        names = [agent_perspective(role) for role in range(len(scenario.roles))]
        self.role = names.index(perspective) if perspective in names else None
        """Position of the agent whose perspective it is."""
        if self.role is None and perspective != THIRD_PARTY:
            raise ValueError(f"{perspective!r} is no perspective that reads")

    @cached_property
    def side(self) -> Side:
        """What the agent knew before the first word.

        Raises:
            TypeError: the perspective is no agent's.

        """
        if self.role is None:
            raise TypeError("a third party has no side")
        dialogue, (tactics, techniques) = self._dialogue, self._taxonomies
        return side_of(
            self._scenario,
            self.role,
            deceptive=self.role in dialogue.condition.deceptive,
            opener=dialogue.opener,
            order=dialogue.order,
            max_turns=self._max_turns,
            tactics=tactics,
            techniques=techniques,
            seed=Seed(dialogue.seed, dialogue.scenario, dialogue.index),
            traits=tuple(self._traits[self.role]) if self._traits else (),
        )

    def view(self, turns: int | None = None) -> View:
        """Return what the agent sees after so many utterances, by default all of them."""
        said = self._dialogue.turns[:turns]
        table = table_after(self._scenario, ((turn.role, turn.utterance) for turn in said))
        return view_of(self.side, said, table)

    def messages(self, template: str, turns: int | None = None, **values: Any) -> tuple[Message, Message]:
        """Return a prompt about what has been said after so many utterances, by default all of them."""
        if isinstance(self._writer, PromptWriter):
            return self._writer.messages(template, self.view(turns), **values)
        return self._writer.messages(template, public_record(self._dialogue.turns[:turns]), **values)

    def said(self, turns: int | None = None) -> Sequence[PublicTurn]:
        """Return what everybody heard after so many utterances, by default all of them."""
        return public_record(self._dialogue.turns[:turns])

    @property
    def agent_writer(self) -> PromptWriter:
        """What writes the agent's own prompts; they share their beginning with `messages`.

        Raises:
            TypeError: the perspective is no agent's.

        """
        if not isinstance(self._writer, PromptWriter):
            raise TypeError("a third party is no agent")
        return self._writer

    @cached_property
    def _writer(self) -> PromptWriter | ObserverWriter:
        if self.role is None:
            return ObserverWriter(self.prompts, audience_of(self._scenario))
        return PromptWriter(self.prompts, self.side)
