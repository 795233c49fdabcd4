"""Tokens of dialogues: one format for training and for decoding, so that they never disagree.

The chat template is asked once for the text around the turns; the text of each turn is tokenised by
itself and put in its place. So it is known exactly which tokens a side says, and nothing that is said
can pass for a control token of the template.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from jinja2 import TemplateError

from negosim.errors import UserError
from negosim.rl._opening import fold_opening
from negosim.rl._trajectory import Role, Trajectory, TrajectoryTurn

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

PLAIN_TEMPLATE = (
    "{% for m in messages %}"
    "{{ {'system': 'Context', 'user': 'User', 'assistant': 'Agent'}[m['role']] }}: "
    "{{ m['content'] }}{{ eos_token }}\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}Agent: {% endif %}"
)
"""For tokenizers without a chat template: a labelled line a turn, ended by the end-of-text token."""

_PLACE = re.compile("\ue000(\\d+)\ue001")

_CHAT_ROLES = {"agent": "assistant", "user": "user"}


@dataclass(frozen=True)
class Encoded:
    """One dialogue as tokens, with its actions: the tokens the learner chose."""

    id: str
    tokens: list[int]
    actions: list[int]
    """Positions whose next token is an action, in order: the tokens of the learner's turns, the end of
    each turn included."""
    rewards: list[float]
    """Of each action."""
    terminal: bool
    cut: str | None = None
    """What was left out because the context is too short, in words."""


class NoRoomError(UserError):
    """A dialogue does not fit the context, whatever is cut from it."""


class DialogueFormat:
    """The chat template of one tokenizer."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase", begin: Literal["user"] | None = None) -> None:
        """Take a tokenizer; one without a chat template gets a plain one.

        Args:
            tokenizer: of the model.
            begin: "user" makes every dialogue begin with a user turn that has the system prompt at its
                head, for templates that refuse others; None leaves dialogues as they are.

        Raises:
            UserError: it has no way to end a turn.

        """
        self.tokenizer, self.begin = tokenizer, begin
        self._around: dict[tuple[bool, tuple[Role, ...]], list[list[int]]] = {}
        self.special = {
            number for number, token in tokenizer.added_tokens_decoder.items() if token.special
        } | set(tokenizer.all_special_ids)
        if tokenizer.chat_template is None:
            if tokenizer.eos_token is None:
                raise UserError(
                    f"the tokenizer of {tokenizer.name_or_path!r} has neither a chat template nor an "
                    "end-of-text token, so it cannot end a turn; take another model"
                )
            tokenizer.chat_template = PLAIN_TEMPLATE

    @cached_property
    def end_of_turn(self) -> list[int]:
        """The tokens that end a turn of the agent; the last of them stops decoding."""
        return self._end(self.around(("user", "agent"), False)[2])

    def encode(
        self,
        trajectory: Trajectory,
        max_length: int,
        *,
        learner: Sequence[Role] = ("agent",),
        reward_scale: float = 1.0,
    ) -> Encoded:
        """Tokenise a dialogue. One longer than `max_length` loses its oldest turns, never its reward.

        Before that, single turns longer than half of it are cut to that half: the learner's lose their
        beginnings, the other side's their ends.

        Args:
            trajectory: the dialogue.
            max_length: most tokens.
            learner: whose tokens are actions.
            reward_scale: rewards are multiplied by it.

        Raises:
            NoRoomError: the system prompt alone fills the context.
            UserError: the chat template refuses the dialogue.

        """
        turns, said = trajectory.turns, [self._said(turn.text) for turn in trajectory.turns]
        context = self._said(trajectory.system) if trajectory.system else None
        first, cut = 0, None
        if self._length(turns, said, context) > max_length:
            sizes = [len(tokens) for tokens in said]
            first = self._fit(trajectory, said, context, max_length, learner)
            cut = _what_was_cut(turns, sizes, said, first, learner)
        return self._join(
            trajectory, turns[first:], said[first:], context, learner=learner, scale=reward_scale, cut=cut
        )

    def _fit(
        self,
        trajectory: Trajectory,
        said: list[list[int]],
        context: list[int] | None,
        room: int,
        learner: Sequence[Role],
    ) -> int:
        """Cut what is said until it fits; return how many of the oldest turns are left out."""
        turns, first = trajectory.turns, 0
        last = max(number for number, turn in enumerate(turns) if turn.role in learner)
        for number, tokens in enumerate(said):
            if number != last:
                _shorten(said, number, len(tokens) - room // 2, turns[number].role in learner)
        while (excess := self._length(turns[first:], said[first:], context) - room) > 0 and first < last:
            first += 1
        # What follows the learner's last turn goes before the turn itself does.
        for number in [*range(len(turns) - 1, last, -1), last]:
            excess -= _shorten(said, number, excess, number == last)
        if excess > 0 or not said[last]:
            raise NoRoomError(
                f"{trajectory.id}: a context of {room} tokens has no room for the system prompt "
                "and the last turn; take a model with a longer context"
            )
        return first

    def prompt(
        self,
        system: str | None,
        turns: Sequence[tuple[Role, str]],
        max_length: int,
        speaker: Role = "agent",
        *,
        reserve: int = 0,
    ) -> tuple[list[int], int]:
        """Return the tokens after which a side speaks, and how many of the oldest turns were left out.

        As many turns are left out as it takes to have room for `reserve` tokens more.

        Raises:
            UserError: the context has no room, or the chat template refuses the dialogue.

        """
        said = [self._said(text) for _, text in turns]
        context = self._said(system) if system else None
        for first in range(len(turns) + 1):
            roles = tuple(role for role, _ in turns[first:])
            around = self.around((*roles, speaker), context is not None)[:-1]
            parts = [*([context] if context is not None else []), *said[first:]]
            tokens = _interleave(around, parts)
            if len(tokens) + (reserve if first < len(turns) else 1) <= max_length:
                return tokens, first
        raise UserError(f"a context of {max_length} tokens has no room for the system prompt")

    def around(self, roles: tuple[Role, ...], with_system: bool) -> list[list[int]]:
        """Return the tokens before, between and after the texts of a dialogue of these speakers.

        Raises:
            UserError: the chat template refuses such a dialogue, or leaves out or reorders texts.

        """
        key = (with_system, roles)
        if key not in self._around:
            names = [*(["system"] if with_system else []), *(_CHAT_ROLES[role] for role in roles)]
            self._around[key] = [self._tokens(text) for text in self._render(names)]
            self._check_prefix(roles, with_system)
        return self._around[key]

    def _check_prefix(self, roles: tuple[Role, ...], with_system: bool) -> None:
        """Refuse templates that write a turn otherwise once others follow it.

        What precedes an agent's turn in training would not be what precedes it when it is decoded.
        """
        before = [number for number, role in enumerate(roles[:-1]) if role == "agent"]
        if not before:
            return
        earlier = self.around(roles[: before[-1] + 1], with_system)[:-1]
        if earlier != self.around(roles, with_system)[: len(earlier)]:
            raise UserError(
                f"the chat template of {self.tokenizer.name_or_path!r} writes earlier turns otherwise than "
                "the last one; take another model, or change its chat template"
            )

    def _render(self, names: Sequence[str]) -> list[str]:
        messages = [{"role": name, "content": f"\ue000{number}\ue001"} for number, name in enumerate(names)]
        if self.begin == "user":
            messages = fold_opening(messages)
        model = self.tokenizer.name_or_path
        try:
            text = self.tokenizer.apply_chat_template(messages, tokenize=False)
        except (TemplateError, TypeError, IndexError) as error:
            remedy = "" if self.begin else "; if it wants the user to begin, or knows no system: --begin user"
            raise UserError(
                f"the chat template of {model!r} refuses a dialogue of {', '.join(names)}: {error}{remedy}"
            ) from None
        parts = _PLACE.split(str(text))
        if parts[1::2] != [str(number) for number in range(len(names))]:
            raise UserError(
                f"the chat template of {model!r} leaves out or reorders messages; take another model"
                + ("" if self.begin else ", or put the system prompt into the first turn: --begin user")
            )
        return parts[::2]

    def _tokens(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"]) if text else []

    def _said(self, text: str) -> list[int]:
        """Tokenise what somebody says; of a control token like "</s>" or "<think>" in it only the letters."""
        return self._letters(text.strip())

    def _letters(self, text: str) -> list[int]:
        found = list(self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])
        passing = self._control.keys() & set(found)
        if not passing:
            return found
        if len(text) == 1:
            return []
        # Tokenizers split tokens that are flagged as special; those of tools and thoughts often are not. A
        # token that is not there to the letter, as one in wide letters, is found by halves.
        places = [at for token in passing if (at := text.find(self._control[token])) >= 0]
        cut = min(places) + 1 if places else len(text) // 2
        return self._letters(text[:cut]) + self._letters(text[cut:])

    @cached_property
    def _control(self) -> dict[int, str]:
        """The tokens that no words may be, by number: special ones, and those added that are no words."""
        return {
            number: token.content
            for number, token in self.tokenizer.added_tokens_decoder.items()
            if number != self.tokenizer.unk_token_id
            and (
                number in self.special
                or (len(token.content) > 1 and not all(c.isalnum() or c.isspace() for c in token.content))
            )
        }

    def _end(self, after: list[int]) -> list[int]:
        """Return the tokens after a turn that end it: up to the first control token, else the first."""
        for number, token in enumerate(after):
            if token in self.special:
                return after[: number + 1]
        if after:
            return after[:1]
        if self.tokenizer.eos_token_id is None:
            raise UserError(f"the chat template of {self.tokenizer.name_or_path!r} does not end turns")
        return [self.tokenizer.eos_token_id]

    def _length(
        self, turns: Sequence[TrajectoryTurn], said: Sequence[list[int]], context: list[int] | None
    ) -> int:
        around = self.around(tuple(turn.role for turn in turns), context is not None)
        ending = len(self._end(around[-1])) if not around[-1] else 0
        return sum(map(len, said)) + len(context or []) + sum(map(len, around)) + ending

    def _join(
        self,
        trajectory: Trajectory,
        turns: Sequence[TrajectoryTurn],
        said: Sequence[list[int]],
        context: list[int] | None,
        *,
        learner: Sequence[Role],
        scale: float,
        cut: str | None,
    ) -> Encoded:
        around = self.around(tuple(turn.role for turn in turns), context is not None)
        tokens = list(around[0])
        if context is not None:
            tokens += context + around[1]
        actions: list[int] = []
        rewards: list[float] = []
        for turn, own, after in zip(turns, said, around[-len(turns) :], strict=True):
            end = self._end(after)
            if turn.role in learner:
                first = len(tokens) - 1
                actions += range(first, first + len(own) + len(end))
                rewards += [0.0] * (len(own) + len(end) - 1) + [turn.reward * scale]
            tokens += own + (after or end)
        rewards[-1] += trajectory.reward * scale
        return Encoded(trajectory.id, tokens, actions, rewards, trajectory.terminal, cut)


def _shorten(said: list[list[int]], number: int, excess: int, beginning: bool) -> int:
    """Cut at most `excess` tokens from one turn's beginning or end; return how many were cut."""
    tokens = said[number]
    count = max(0, min(excess, len(tokens)))
    said[number] = tokens[count:] if beginning else tokens[: len(tokens) - count]
    return count


def _what_was_cut(
    turns: Sequence[TrajectoryTurn],
    sizes: Sequence[int],
    said: Sequence[list[int]],
    first: int,
    learner: Sequence[Role],
) -> str:
    gone = [f"turns 1 to {first}" if first > 1 else "turn 1"] if first else []
    for number in range(first, len(turns)):
        if count := sizes[number] - len(said[number]):
            side = "first" if turns[number].role in learner else "last"
            gone.append(f"the {side} {count} tokens of turn {number + 1}")
    return " and ".join(gone)


def _interleave(around: Sequence[list[int]], parts: Sequence[list[int]]) -> list[int]:
    tokens = list(around[0])
    for part, after in zip(parts, around[1:], strict=True):
        tokens += part + after
    return tokens
