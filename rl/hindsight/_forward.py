"""The forward model as a chat model, shown how the data sounds by a few of its dialogues."""

from collections.abc import Sequence
from typing import Any

from negosim.rl._trajectory import Trajectory, TrajectoryTurn
from negosim.rl.hindsight._answers import ForwardAnswer
from negosim.rl.hindsight._chat import Chat
from negosim.rl.hindsight._protocol import Completion, Prefix, Step


class ChatForward:
    """Writes the rest of a dialogue in one go.

    The paper fine-tunes its model on dialogues of the data; a model that is only asked is shown some
    instead. The hard one is shown some of those with the lowest rewards.
    """

    def __init__(
        self, chat: Chat, examples: Sequence[Trajectory], hard_examples: Sequence[Trajectory], *, count: int
    ) -> None:
        """Take dialogues to show, `count` at a time: one more of each kind than are shown.

        The spare one stands in where the original itself would be shown, with how it went on.
        """
        self.name = chat.name
        self._chat = chat
        self._count = count
        self._examples = {False: examples, True: hard_examples}

    async def complete(self, prefix: Prefix, step: Step, *, hard: bool) -> Completion:
        """Ask the model.

        Raises:
            ProtocolError: it gave no usable answer.

        """
        shown = [one for one in self._examples[hard] if one.id != prefix.parent][: self._count]

        def fixed() -> dict[str, Any]:
            return {"examples": [self._chat.setting.transcript(one.turns) for one in shown], "hard": hard}

        answer = await self._chat.ask(
            "forward",
            ForwardAnswer,
            step,
            kind=" ".join([str(hard), *(one.id for one in shown)]),
            fixed=fixed,
            check=lambda answer: _check(answer, prefix),
            system=prefix.system,
            meta=prefix.meta,
            transcript=self._chat.setting.transcript(prefix.turns),
            room=prefix.room,
        )
        turns = [
            TrajectoryTurn(role=line.speaker, text=self._chat.setting.unlabelled(line.text) or line.text)
            for line in answer.lines
        ]
        return Completion(turns=tuple(turns), ended=answer.ended)


def _check(answer: ForwardAnswer, prefix: Prefix) -> None:
    """Refuse what is no completion.

    Raises:
        ValueError: says what is wrong, for the model.

    """
    if len(answer.lines) > prefix.room:
        raise ValueError(f"lines: there are {len(answer.lines)}, but at most {prefix.room} may follow")
    before = prefix.turns[-1].role
    for number, line in enumerate(answer.lines, 1):
        if line.speaker == before:
            raise ValueError(f"lines.{number}: {line.speaker} speaks twice in a row; speakers take turns")
        before = line.speaker
    if not answer.ended and len(answer.lines) < prefix.room:
        raise ValueError("the conversation is neither over nor at its longest; write it to its end")
