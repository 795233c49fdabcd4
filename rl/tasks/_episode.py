"""Playing dialogues between an agent and users, many at once."""

from collections.abc import Callable, Sequence

from negosim.agents.users import Reply, Transcript
from negosim.errors import UserError
from negosim.rl._trajectory import Split, Trajectory, TrajectoryTurn
from negosim.rl.tasks._task import TASKS, Task, strategies_of
from negosim.rl.tasks._user import Participant, User

BatchAgent = Callable[[Sequence[Transcript]], Sequence[str]]
"""Says the next words of the agent in each of several dialogues."""

Agent = Callable[[Transcript], str]


def run_episode(
    agent: Agent, user: User, *, cap: int | None = None, split: Split = "train", source: str = "sim"
) -> Trajectory:
    """Play one dialogue; `run_episodes` has the arguments."""
    (made,) = run_episodes(
        lambda transcripts: [agent(transcript) for transcript in transcripts],
        [user],
        cap=cap,
        split=split,
        source=source,
    )
    return made


def run_episodes(
    agent: BatchAgent,
    users: Sequence[User],
    *,
    cap: int | None = None,
    split: Split = "train",
    source: str = "sim",
) -> list[Trajectory]:
    """Play one dialogue with each user, all of them side by side.

    The agent gets the transcripts of the dialogues that still go on, in the order of `users`. Its tactics
    are those recognised in its words.

    Args:
        agent: says the next words in each dialogue.
        users: one a dialogue; they differ by id.
        cap: turns of the agent at most; the task's own where None.
        split: of the trajectories.
        source: where they come from, before the user's id.

    Raises:
        UserError: the agent gave another number of texts than dialogues, or an empty one.

    """
    transcripts = [_begun(user) for user in users]
    going = list(range(len(users)))
    turn = 0
    while going:
        turn += 1
        texts = agent([transcripts[i] for i in going])
        if len(texts) != len(going):
            raise UserError(
                f"the agent gave {len(texts)} texts for {len(going)} dialogues; it must give each one"
            )
        still = []
        for i, text in zip(going, texts, strict=True):
            transcripts[i] = spoken(transcripts[i], TASKS[users[i].kind], text)
            reply = users[i].reply(transcripts[i])
            transcripts[i] = answered(transcripts[i], reply)
            if not reply.end and turn < (cap or TASKS[users[i].kind].cap):
                still.append(i)
        going = still
    return [
        trajectory_of(transcript, user, reward=user.reward(), split=split, source=source)
        for transcript, user in zip(transcripts, users, strict=True)
    ]


def _begun(user: User) -> Transcript:
    task = TASKS[user.kind]
    transcript = Transcript(user.id, task.system)
    return transcript if task.opening == "agent" else answered(transcript, user.reply(transcript))


def spoken(transcript: Transcript, task: Task, text: str) -> Transcript:
    """Add a turn of the agent.

    Raises:
        UserError: it says nothing.

    """
    text = " ".join(text.split())
    if not text:
        raise UserError(f"the agent said nothing in {transcript.id} (turn {len(transcript.turns) + 1})")
    tactics = strategies_of(task, text)
    turn = TrajectoryTurn(role="agent", text=text, tactic="+".join(tactics) or None)
    return Transcript(transcript.id, transcript.system, (*transcript.turns, turn))


def answered(transcript: Transcript, reply: Reply) -> Transcript:
    """Add a user's reply."""
    if not reply.text:
        return transcript
    turn = TrajectoryTurn(role="user", text=reply.text)
    return Transcript(transcript.id, transcript.system, (*transcript.turns, turn))


def trajectory_of(
    transcript: Transcript, user: Participant, *, reward: float, split: Split, source: str
) -> Trajectory:
    """Return a finished dialogue as a trajectory."""
    return Trajectory(
        id=f"{source}-{user.id}",
        source=f"{source}/{user.id}",
        split=split,
        system=transcript.system,
        turns=tuple(transcript.turns),
        reward=reward,
        terminal=True,
        meta={"task": user.kind, **user.facts()},
    )
