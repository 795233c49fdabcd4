"""Conversations of a study's people: played by the engine, kept in the study's database step by step."""

import asyncio
import hashlib
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import orjson

from negosim._text import plural
from negosim.agents import Seat, Speech, seated
from negosim.engine import (
    DialogueStarted,
    Event,
    HeldConversations,
    HeldStep,
    TurnFinished,
    held_conversations,
)
from negosim.errors import BudgetError, NegosimError
from negosim.models import Budget, ChatModel
from negosim.records import Aside, Dialogue, Utterance, total_usd
from negosim.scenarios import Answer, Measure, load_scenario
from negosim.study import Study, StudyAgent, StudyBlock
from negosim.study.storage import Row, StudyStore
from negosim.views import View
from negosim.web.table_seat import BrowserSeat

logger = logging.getLogger(__name__)

WAITS = (2.0, 8.0, 30.0)
"""Seconds before a conversation goes on after its agent failed; then it has failed."""

USED_UP = "the budget is used up"


@dataclass
class StudySeat(BrowserSeat):
    """A person's seat in one conversation: what they have sent before is not asked for again."""

    sent: dict[str, str] = field(default_factory=dict)
    """What was sent, by what it answers; kept in the database."""
    waiting: bool = False
    """Whether the agent has failed, and another try is to come."""

    @property
    def step(self) -> str:
        """Return what is waited for: the same after a restart."""
        if self.view is None:
            return ""
        if self.measure is None:
            return str(self.view.turn_index)
        asked = hashlib.sha256(self.measure.question.encode()).hexdigest()[:8]
        return f"{self.view.turn_index}-{self.measure.id[:60]}-{asked}"

    async def _wait(self, view: View, measure: Measure | None) -> Speech | Answer:
        known = self._known(view, measure)
        return known if known is not None else await super()._wait(view, measure)

    def _known(self, view: View, measure: Measure | None) -> Speech | Answer | None:
        """Return what was sent before; nothing else is waited for meanwhile."""
        before = self.view, self.measure
        self.view, self.measure = view, measure
        content = self.sent.get(self.step)
        self.view, self.measure = before
        return None if content is None else read_sent(content)


def sent_text(given: Speech | Answer) -> str:
    """Return what a person sends as it is kept."""
    if not isinstance(given, Speech):
        return orjson.dumps({"answer": given}).decode()
    said = {"utterance": given.utterance.model_dump(), "floor": given.floor}
    return orjson.dumps({**said, "asides": [aside.model_dump() for aside in given.asides]}).decode()


def read_sent(content: str) -> Speech | Answer:
    """Return what a person sent from how it was kept."""
    kept = orjson.loads(content)
    if "answer" in kept:
        answer: Answer = kept["answer"]
        return answer
    asides = tuple(Aside.model_validate(aside) for aside in kept["asides"])
    return Speech(Utterance.model_validate(kept["utterance"]), asides=asides, floor=kept["floor"])


class StoredSteps:
    """The steps of one conversation in the study's database."""

    def __init__(self, store: StudyStore, talk: int) -> None:
        self._store, self._talk = store, talk
        kept = store.steps(talk)
        self.steps = [HeldStep.model_validate_json(content).history() for content in kept]
        self._count = len(kept)

    def add(self, added: Any) -> None:
        """Keep a step."""
        step = HeldStep.of(added)
        content = step.model_dump_json(exclude_unset=True)
        usd = total_usd(call.usd for call in step.calls if call.calls)
        tokens = sum(call.tokens_in + call.tokens_out for call in step.calls)
        self._store.add_step(self._talk, self._count, content, usd, tokens)
        self._count += 1


@dataclass
class StudyTalk:
    """One conversation while people look at it."""

    row: Row
    seat: StudySeat
    task: "asyncio.Task[None] | None" = None


class StudyTalks:
    """All conversations of a study that somebody has open.

    Args:
        store: the study.
        chat_models: models of the caller's own, by name.
        waits: seconds before each new try after an agent failed.

    """

    def __init__(
        self,
        store: StudyStore,
        *,
        usd: float | None = None,
        tokens: int | None = None,
        chat_models: Mapping[str, ChatModel] | None = None,
        waits: tuple[float, ...] = WAITS,
    ) -> None:
        self.store, self.study = store, store.study
        self._chat_models, self._waits = chat_models or {}, waits
        self.usd, self.tokens = usd, tokens
        spent_usd, spent_tokens, _ = store.spent()
        self._budget = None
        if usd is not None or tokens is not None:
            self._budget = Budget(
                usd=None if usd is None else max(0.0, usd - spent_usd),
                tokens=None if tokens is None else max(0, tokens - spent_tokens),
            )
        self._open: dict[int, StudyTalk] = {}
        self._held: dict[tuple[str, int], HeldConversations] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "StudyTalks":
        """Open every model of the study, and check that it answers.

        Raises:
            UserError: one does not.

        """
        async with AsyncExitStack() as stack:
            for block, place, agent, practice in agents_of(self.study):
                scenario = load_scenario(block.scenario)
                played = scenario.model_copy(update={"measures": ()}) if practice else block.played(scenario)
                held = held_conversations(
                    block.config(agent, scenario, self.study.seed),
                    scenario=played,
                    budget=self._budget,
                    chat_models=self._chat_models,
                )
                self._held[block.id, place] = await stack.enter_async_context(held)
            self._stack = stack.pop_all()
        if self.store.paused.startswith(USED_UP):
            self.store.pause("")  # should there still be none left, the next call says so again
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop all conversations, which can be gone on with, and close the models."""
        await asyncio.gather(*(self._stop(talk) for talk in list(self._open)))
        await self._stack.aclose()

    def of(self, person: Row) -> StudyTalk:
        """Return the conversation that a person stands at, going on with it."""
        row = self.store.talk(person, person["position"])
        assert row is not None
        talk = self._open.get(row["id"])
        if talk is None or (row["status"] != "open" and talk.row["status"] == "open"):
            talk = self._opened(row)
            self._open[row["id"]] = talk
        if row["status"] == "open" and talk.task is None and not self.store.paused:
            talk.task = asyncio.create_task(self._play(talk))
        return talk

    def _opened(self, row: Row) -> StudyTalk:
        held = self._held[row["block"], row["agent"]]
        (scenario,) = held.plan.scenarios.values()
        role = scenario.role_index[self.study.block(row["block"]).role]
        deceptive = role in self.study.block(row["block"]).condition.deceptive
        seat = StudySeat(role, scenario=scenario, deceptive=deceptive, sent=self.store.sent(row["id"]))
        if row["dialogue"]:
            seat.finished = Dialogue.model_validate_json(row["dialogue"])
            seat.turns = list(seat.finished.turns)
        return StudyTalk(row, seat)

    def take(self, talk: StudyTalk, given: Speech | Answer) -> None:
        """Keep what a person sends, then go on with it."""
        step = talk.seat.step
        content = sent_text(given)
        if self.store.send(talk.row["id"], step, content):
            talk.seat.sent[step] = content
            talk.seat.give(step, given)

    async def end(self, talk: StudyTalk) -> None:
        """End a practice."""
        await self._stop(talk.row["id"])
        self.store.finish_talk(talk.row["id"], "ended")

    async def forget(self, person: Row) -> None:
        """Stop the conversations of a person."""
        for id in [id for id, talk in self._open.items() if talk.row["person"] == person["number"]]:
            await self._stop(id)

    async def _stop(self, id: int) -> None:
        talk = self._open.pop(id, None)
        if talk is not None and talk.task is not None:
            talk.task.cancel()
            await asyncio.gather(talk.task, return_exceptions=True)

    async def _play(self, talk: StudyTalk) -> None:
        """Play to the end; after failures once more each, with waits between."""
        try:
            for wait in (*self._waits, None):
                dialogue, failure = await self._try(talk)
                if failure is None or wait is None:
                    break
                logger.warning("conversation %s: %s", talk.row["id"], failure)
                talk.seat.waiting = True
                talk.seat.tell()
                await asyncio.sleep(wait)
            self._finish(talk, dialogue, failure)
        except BudgetError as error:
            told = error.for_record
            self.store.pause(told if told.startswith(USED_UP) else f"{USED_UP}: {told}")
            talk.task = None
        except Exception as error:
            logger.exception("conversation %s cannot go on", talk.row["id"])
            self._finish(talk, None, type(error).__name__)
        finally:
            talk.seat.tell()

    async def _try(self, talk: StudyTalk) -> tuple[Dialogue | None, str | None]:
        """Play on; return the record, if there is one, and why it failed."""
        row, seat = talk.row, talk.seat

        def watch(event: Event) -> None:
            if isinstance(event, DialogueStarted):
                seat.turns.clear()
            elif isinstance(event, TurnFinished):
                seat.turns.append(event.turn)
                seat.waiting = False
            seat.tell()

        def at(role: int) -> Seat:
            return seat

        held = self._held[row["block"], row["agent"]]
        kept = StoredSteps(self.store, row["id"])
        try:
            with seated(at):
                dialogue = await held.play(f"talk-{row['id']}", row["id"], kept, watch)
        except BudgetError:
            raise
        except NegosimError as error:
            return None, f"{type(error).__name__}: {error.for_record}"
        failure = dialogue.failure
        if failure is not None and failure.error == "BudgetError":
            raise BudgetError(failure.message)
        return dialogue, None if failure is None else f"{failure.error}: {failure.message}"

    def _finish(self, talk: StudyTalk, dialogue: Dialogue | None, failure: str | None) -> None:
        status = "failed" if failure is not None else "ended" if talk.row["practice"] else "complete"
        record = None if dialogue is None else dialogue.model_dump_json()
        self.store.finish_talk(talk.row["id"], status, dialogue=record, failure=failure or "")
        talk.row = {**talk.row, "status": status, "dialogue": record}
        talk.seat.finished = dialogue


PRACTICE = -1
"""Stands for the position of the practice's agent in a block's list."""


def agents_of(study: Study) -> list[tuple[StudyBlock, int, StudyAgent, bool]]:
    """Return whom people can meet: block, position in its list, agent, whether it is for practice."""
    found = [(block, place, one, False) for block in study.blocks for place, one in enumerate(block.agents)]
    if study.practice is not None:
        blocks = [block for block in study.blocks if study.practice.block in (None, block.id)]
        found += [(block, PRACTICE, study.practice.agent, True) for block in blocks]
    return found


def left_of(talk: StudyTalk) -> str:
    """Say how many utterances there may still be; "" where that is not known."""
    view = talk.seat.view
    most = view.side.max_turns if view is not None else 0
    return plural(most - len(talk.seat.turns), "message") if most else ""
