"""The hindsight controller as a chat model."""

from collections.abc import Sequence

from negosim.rl._trajectory import Trajectory
from negosim.rl.hindsight._answers import ControllerAnswer
from negosim.rl.hindsight._chat import Chat
from negosim.rl.hindsight._protocol import Step, Suggestion
from negosim.speech import unquoted


class ChatController:
    """Sees the whole dialogue and names three places: what was said, why, what should have been said.

    Whether a quote was really said is checked by the pipeline, not here: such an item is discarded.
    """

    def __init__(self, chat: Chat) -> None:
        self.name = chat.name
        self._chat = chat

    async def review(self, dialogue: Trajectory, step: Step) -> Sequence[Suggestion]:
        """Ask the model.

        Raises:
            ProtocolError: it gave no usable answer.

        """
        setting = self._chat.setting
        found = await self._chat.ask(
            "controller",
            ControllerAnswer,
            step,
            system=dialogue.system,
            meta=dialogue.meta,
            transcript=setting.transcript(dialogue.turns),
        )
        return [
            Suggestion(
                # It was shown quoted. What is to be said stays as it is: a quoted "[accept]" is no move.
                said=unquoted(setting.unlabelled(place.said)),
                why=place.why,
                better=setting.unlabelled(place.better),
            )
            for place in found.places
        ]
