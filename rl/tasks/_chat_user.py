"""Users played by a chat model: the same personas and problems as the embedded ones, given as a prompt."""

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from negosim._frozen import Frozen
from negosim.agents.users import Reply, Seeker, Transcript
from negosim.errors import ModelError, NegosimError, ProtocolError
from negosim.prompts import Prompts, area_templates
from negosim.rl._card import Drops
from negosim.rl._trajectory import MetaValue, Split, Trajectory
from negosim.rl.tasks._episode import BatchAgent, answered, spoken, trajectory_of
from negosim.rl.tasks._task import DONATION, TASKS, Task
from negosim.speech import quoted_line

if TYPE_CHECKING:
    from negosim.models import Door, Ledger


class ChatReply(Frozen):
    """What the model says as the user."""

    utterance: Annotated[str, Field(min_length=1)]
    finished: bool


class FinalDonation(Frozen):
    """What the user gives in the end."""

    dollars: Annotated[float, Field(ge=0, le=2)]


class FinalIntensity(Frozen):
    """How the user feels in the end."""

    intensity: Annotated[int, Field(ge=1, le=5)]


class ChatUser:
    """A user played by a chat model, through the one door to models.

    Every call has the persona as its system message and the transcript, in append-only form, in front of
    the instruction, so that prefix caches hit. Who the user is stands in the templates `user-donor` and
    `user-help-seeker`, what is asked in those of the folder `users`.
    """

    def __init__(
        self,
        task: Task,
        persona: str,
        seed: int,
        door: "Door",
        ledger: "Ledger",
        *,
        prompts: str | Path | None = None,
    ) -> None:
        """Draw the person that the seed stands for; its opening and situation are the embedded user's.

        Args:
            task: the task.
            persona: a name of `persona_names(task)`.
            seed: tells persons of a persona apart.
            door: the model that plays.
            ledger: where its calls are entered.
            prompts: a folder with a subfolder `users` of templates that override built-in ones.

        Raises:
            UserError: there is no such folder, or it has no such templates.

        """
        self.task = task
        self.kind = task.id
        self.persona = persona
        self.seed = seed
        self._door = door
        self._ledger = ledger
        self._facts: dict[str, MetaValue] = {}
        self._opening: str | None = None
        self._texts = area_templates("users", prompts)
        self._system = f"{self._brief()}\n{self._texts.render('speech', {})}"
        self._reward: float | None = None

    @property
    def id(self) -> str:
        """Task, persona and seed."""
        return f"{self.task.id}-{self.persona.replace(' ', '-')}-{self.seed}-chat"

    def _brief(self) -> str:
        templates = Prompts(self.task.id)
        if self.task.id == DONATION.id:
            return templates.render("user-donor", {"persona": self.persona})
        rng = random.Random(f"{self.task.id}/{self.persona}/{self.seed}/mind")
        person = Seeker.draw(self.persona, rng)
        self._opening = person.open(rng)
        self._facts = {
            "problem_type": self.persona,
            "situation": person.situation.opening,
            "temperament": person.temperament,
            "initial_intensity": person.initial,
        }
        values = {
            "problem": self.persona,
            "story": [person.situation.opening, *person.situation.story],
            "intensity": person.initial,
            "temperament": person.temperament,
        }
        return templates.render("user-help-seeker", values)

    async def reply(self, transcript: Transcript) -> Reply:
        """Answer the last turn of the agent; a help-seeker's first words are the embedded user's.

        Raises:
            ProtocolError: no usable answer.
            ModelError: the provider failed.
            BudgetError: the budget does not allow the call.

        """
        if not transcript.turns and self._opening is not None:
            return Reply(self._opening)
        said = await self._ask(transcript, "reply", ChatReply)
        return Reply(" ".join(said.utterance.split()), end=said.finished)

    async def conclude(self, transcript: Transcript) -> None:
        """Ask what the dialogue was worth.

        Raises:
            ProtocolError: no usable answer; there is no reward then.
            ModelError: the provider failed.
            BudgetError: the budget does not allow the call.

        """
        if self.task.id == DONATION.id:
            self._reward = round((await self._ask(transcript, self.task.id, FinalDonation)).dollars, 2)
            self._facts["donation"] = self._reward
            return
        final = (await self._ask(transcript, self.task.id, FinalIntensity)).intensity
        self._facts["final_intensity"] = final
        self._reward = float(int(self._facts["initial_intensity"] or 0) - final)

    async def _ask(self, transcript: Transcript, stage: str, answer: type[Any]) -> Any:
        from negosim.models import Message

        names = {"agent": "Other", "user": "You"}
        lines = [f"{names[turn.role]}: {quoted_line(turn.text)}" for turn in transcript.turns]
        talk = "\n".join(["The conversation so far:", *lines])
        return await self._door.ask(
            (Message("system", self._system), Message("user", f"{talk}\n\n{self._texts.render(stage, {})}")),
            answer,
            stage=f"user-{stage}",
            role=None,
            seed=random.Random(f"{self.id}/{len(lines)}").getrandbits(31),
            ledger=self._ledger,
        )

    def reward(self) -> float:
        """Return what the dialogue was worth.

        Raises:
            RuntimeError: `conclude` has not been called, or failed.

        """
        if self._reward is None:
            raise RuntimeError(f"{self.id} has not concluded")
        return self._reward

    def facts(self) -> dict[str, MetaValue]:
        """Return persona, seed, model, and what the user said of the end."""
        return {
            "persona": self.persona,
            "user_seed": self.seed,
            "user_model": self._door.model.name,
            **self._facts,
        }


async def run_chat_episodes(
    agent: BatchAgent,
    users: Sequence[ChatUser],
    *,
    cap: int | None = None,
    split: Split = "train",
    source: str = "chat",
    drops: Drops | None = None,
) -> list[Trajectory]:
    """Play one dialogue with each user, the users' answers being awaited side by side.

    A dialogue whose user fails is left out and counted in `drops`; it gets no reward made up for it.

    Raises:
        BudgetError: the budget is used up.
        ModelError: the provider is gone for good.

    """
    drops = drops or Drops()
    transcripts = {i: Transcript(user.id, TASKS[user.kind].system) for i, user in enumerate(users)}
    if users and users[0].task.opening == "user":
        await _heard(users, transcripts, list(transcripts), drops)
    going, turn = list(transcripts), 0
    while going:
        turn += 1
        for i, text in zip(going, agent([transcripts[i] for i in going]), strict=True):
            transcripts[i] = spoken(transcripts[i], users[i].task, text)
        ended = await _heard(users, transcripts, going, drops)
        going = [i for i in going if i in transcripts and i not in ended]
        going = [i for i in going if turn < (cap or users[i].task.cap)]
    made = []
    kept = list(transcripts)
    outcomes = await asyncio.gather(
        *(users[i].conclude(transcripts[i]) for i in kept), return_exceptions=True
    )
    for i, outcome in zip(kept, outcomes, strict=True):
        if not _failed(outcome, users[i].id, drops):
            reward = users[i].reward()
            made.append(trajectory_of(transcripts[i], users[i], reward=reward, split=split, source=source))
    return made


async def _heard(
    users: Sequence[ChatUser], transcripts: dict[int, Transcript], going: Sequence[int], drops: Drops
) -> set[int]:
    """Enter the users' replies; take failed dialogues out; return those that ended."""
    replies = await asyncio.gather(*(users[i].reply(transcripts[i]) for i in going), return_exceptions=True)
    ended: set[int] = set()
    for i, reply in zip(going, replies, strict=True):
        if _failed(reply, users[i].id, drops):
            del transcripts[i]
        elif isinstance(reply, Reply):
            transcripts[i] = answered(transcripts[i], reply)
            if reply.end:
                ended.add(i)
    return ended


def _failed(outcome: object, where: str, drops: Drops) -> bool:
    """Count a failure that concerns one dialogue only; raise every other."""
    if not isinstance(outcome, BaseException):
        return False
    lasting = isinstance(outcome, ModelError) and outcome.concerns_all
    if lasting or not isinstance(outcome, ProtocolError | ModelError):
        raise outcome
    kind: type[NegosimError] = type(outcome)
    drops.add(f"the user's model failed ({kind.__name__})", where)
    return True
