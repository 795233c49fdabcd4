"""Views as prompts show them: every text that somebody has said or thought is quoted."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from negosim.records import Rollout, Utterance
from negosim.speech import quoted
from negosim.views import OwnTurn, PublicTurn, View


class ShownViews:
    """The views of one dialogue, in which each turn is quoted once."""

    def __init__(self) -> None:
        self._own: dict[int, OwnTurn] = {}
        self._said: list[PublicTurn] = []
        self._turns: list[PublicTurn] = []

    def turns(self, transcript: tuple[PublicTurn, ...]) -> tuple[PublicTurn, ...]:
        """Return a transcript with its texts quoted; a planner's may go on as it only imagines."""
        alike = same_beginning(self._said, transcript)
        if alike < len(transcript):
            del self._said[alike:], self._turns[alike:]
        for turn in transcript[alike:]:
            self._said.append(turn)
            asides = tuple(a.model_copy(update={"text": quoted(a.text)}) for a in turn.asides)
            self._turns.append(replace(turn, text=quoted(turn.text), asides=asides))
        return tuple(self._turns[: len(transcript)])

    def view(self, view: View) -> View:
        """Return a view with all that was said, thought and drafted quoted."""
        return replace(
            view,
            transcript=self.turns(view.transcript),
            own_turns=tuple(map(self._own_turn, view.own_turns)),
            reflection=None if view.reflection is None else quoted(view.reflection),
            rollouts=tuple(map(_rollout, view.rollouts)),
            draft=None if view.draft is None else _utterance(view.draft),
        )

    def _own_turn(self, turn: OwnTurn) -> OwnTurn:
        if turn.index not in self._own:
            thought = None if turn.reflection is None else quoted(turn.reflection)
            self._own[turn.index] = replace(turn, reflection=thought)
        return self._own[turn.index]


def same_beginning(one: Sequence[PublicTurn], other: Sequence[PublicTurn]) -> int:
    """Return with how many equal turns two transcripts begin."""
    return next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def shown_value(value: Any) -> Any:
    """Return what a stage is given besides its view, with the candidates in it quoted."""
    if isinstance(value, Rollout):
        return _rollout(value)
    return tuple(map(shown_value, value)) if isinstance(value, list | tuple) else value


def _rollout(rollout: Rollout) -> Rollout:
    texts = {name: quoted(getattr(rollout, name)) for name in ("utterance", "expected_reply")}
    return rollout.model_copy(update=texts)


def _utterance(utterance: Utterance) -> Utterance:
    return utterance.model_copy(update={"text": quoted(utterance.text)})
