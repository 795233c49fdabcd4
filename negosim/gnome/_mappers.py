"""Mappers: what moves one dialogue into another domain, the embedded rules or a chat model."""

from collections.abc import Sequence
from typing import Annotated, Protocol

from pydantic import BaseModel, Field, create_model

from negosim.errors import ContextLengthError, ProtocolError
from negosim.gnome._answers import AnswerRow
from negosim.gnome._corpus import StrategyDialogue
from negosim.gnome._domains import rule_domains
from negosim.gnome._markers import END, read_marked
from negosim.gnome._rules import map_by_rules
from negosim.models import Ledger, Message, ModelClient
from negosim.prompts import Templates
from negosim.records import StageAccount
from negosim.seeding import Seed

RULES = "rules"
"""The mapper that comes with negosim: typed lexicons, no language model."""

MORE = 3
ROOM = 400
"""A mapped utterance may be so many times as long as the source's longest, or so many characters."""


class MappingJob:
    """One mapping that is to be made."""

    def __init__(self, dialogue: StrategyDialogue, copy: int, wish: str, seed: int) -> None:
        """Take the dialogue, which of its mappings it is (from 1), the domain wished for, and the seed."""
        self.dialogue = dialogue
        self.copy = copy
        self.wish = wish
        self.seed = Seed(seed, f"{dialogue.source}:{dialogue.id}", copy).number("gnome-map")

    def row(self, **came: object) -> AnswerRow:
        """Return the line that says what came back."""
        known = {"parent": self.dialogue.id, "source": self.dialogue.source, "copy_number": self.copy}
        return AnswerRow.model_validate({**known, "seed": self.seed, "wish": self.wish, **came})


class Mapper(Protocol):
    """What maps dialogues, one whole dialogue at a time."""

    async def map(self, job: MappingJob) -> tuple[AnswerRow, tuple[StageAccount, ...]]:
        """Return what came back for a dialogue, and what it cost.

        Raises:
            ModelError, BudgetError: as the model's client.

        """
        ...


class RuleMapper:
    """The embedded mapper."""

    def __init__(self, domains: Sequence[str]) -> None:
        """Take the names of the domains that may be asked for."""
        self._domains = {domain.name: domain for domain in rule_domains(domains)}

    async def map(self, job: MappingJob) -> tuple[AnswerRow, tuple[StageAccount, ...]]:
        """Map by lexicons; nothing is called and nothing fails."""
        random = Seed(job.seed, job.dialogue.id, job.copy).stream("gnome-rules")
        texts = map_by_rules(job.dialogue, self._domains[job.wish], random)
        return job.row(domain=job.wish, items=[f"{text} {END}" for text in texts]), ()


class ModelMapper:
    """A chat model, asked once for the whole dialogue at temperature 1."""

    def __init__(self, client: ModelClient, templates: Templates) -> None:
        """Take the model's client and the templates of what it is asked."""
        self._client = client
        self._templates = templates
        self._rules = Message("system", templates.render("map", {"end": END}).strip())

    async def map(self, job: MappingJob) -> tuple[AnswerRow, tuple[StageAccount, ...]]:
        """Ask for the mapped dialogue; a wrong number of utterances is asked for once more."""
        dialogue, ledger = job.dialogue, Ledger()
        shown = {"utterances": dialogue.utterances, "domain": job.wish, "end": END}
        asked = Message("user", self._templates.render("map-ask", shown).strip())
        wanted = len(dialogue.utterances)

        def advise(answer: BaseModel) -> dict[str, str]:
            items = answer.model_dump()["utterances"]
            if read_marked(items, wanted).utterances is not None:
                return {}
            return {
                "number": f"it must have exactly {wanted} utterances, each ending with one {END}; it has "
                f"{len(items)} items"
            }

        try:
            answer = await self._client.ask(
                (self._rules, asked),
                _form(dialogue),
                stage="gnome-map",
                role=None,
                seed=job.seed,
                ledger=ledger,
                advise=advise,
                shorten=False,
            )
        except ProtocolError as error:
            failed = "truncated" if error.cut_off else "failed"
            return job.row(failed=failed, reason=error.for_record[:500]), ledger.rows()
        except ContextLengthError as error:
            return job.row(failed="failed", reason=error.for_record[:500]), ledger.rows()
        content = answer.model_dump()
        return job.row(domain=content["domain"], items=content["utterances"]), ledger.rows()


def _form(dialogue: StrategyDialogue) -> type[BaseModel]:
    """Return the form of the answer: bounded by what the dialogue has, with room for what is wrong."""
    longest = max(ROOM, MORE * max(map(len, dialogue.texts)))
    item = Annotated[str, Field(max_length=longest)]
    return create_model(
        "MappedDialogue",
        domain=(str, Field(min_length=2, max_length=120)),
        utterances=(list[item], Field(min_length=1, max_length=2 * len(dialogue.utterances) + 2)),
    )
