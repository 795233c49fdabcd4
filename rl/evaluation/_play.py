"""Playing the dialogues of an evaluation: an agent that fails loses one dialogue, not all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from negosim.agents.users import Reply, Transcript
from negosim.rl._trajectory import Trajectory
from negosim.rl.tasks import TASKS, User, answered, spoken, trajectory_of

NO_WORDS = "the agent said nothing"


@dataclass(frozen=True)
class Failed:
    """Why an agent has no next turn in a dialogue."""

    reason: str


@dataclass(frozen=True)
class Played:
    """What came of one dialogue."""

    user: str
    """Id of the user, or of the dialogue in a set; those of equal id are paired."""
    cluster: str
    """What it shares its randomness with: its user's seed, or a dialogue it was made from."""
    persona: str | None
    trajectory: Trajectory | None
    """None: it failed, and has no reward."""
    failure: str | None = None


class Speaker(Protocol):
    """Who says the agent's turns."""

    async def say(self, transcripts: Sequence[Transcript]) -> Sequence[str | Failed]:
        """Say the next turn of each dialogue, or tell why there is none."""


async def play(
    agent: Speaker, users: Sequence[User], *, watch: Callable[[int], None] = lambda _: None
) -> list[Played]:
    """Play one dialogue with each user, all side by side, to its end or the task's cap.

    A dialogue in which the agent fails is over and has no reward. `watch` is told how many are over.

    Raises:
        UserError, BudgetError, ModelError: what concerns all dialogues.

    """
    transcripts = [_begun(user) for user in users]
    failures: dict[int, str] = {}
    going, turn = list(range(len(users))), 0
    while going:
        turn += 1
        said = await agent.say([transcripts[i] for i in going])
        still = []
        for i, text in zip(going, said, strict=True):
            if isinstance(text, Failed) or not text.strip():
                failures[i] = text.reason if isinstance(text, Failed) else NO_WORDS
                continue
            transcripts[i] = spoken(transcripts[i], TASKS[users[i].kind], text)
            reply: Reply = users[i].reply(transcripts[i])
            transcripts[i] = answered(transcripts[i], reply)
            if not reply.end and turn < TASKS[users[i].kind].cap:
                still.append(i)
        going = still
        watch(len(users) - len(going))
    return [_played(user, transcripts[i], failures.get(i)) for i, user in enumerate(users)]


def _begun(user: User) -> Transcript:
    task = TASKS[user.kind]
    transcript = Transcript(user.id, task.system)
    return transcript if task.opening == "agent" else answered(transcript, user.reply(transcript))


def _played(user: User, transcript: Transcript, failure: str | None) -> Played:
    if failure is not None:
        return Played(user.id, user.id, user.persona, None, failure)
    made = trajectory_of(transcript, user, reward=user.reward(), split="test", source="evaluation")
    return Played(user.id, user.id, user.persona, made)
