"""A trained policy, ready to speak."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from negosim.errors import UserError
from negosim.rl._trajectory import Role
from negosim.rl.policy._sampling import decode
from negosim.rl.policy_files import WAY_OUT
from negosim.rl.training.decoding import Sampling
from negosim.rl.training.dialogue_format import DialogueFormat
from negosim.rl.training.model import ValueHead, guides
from negosim.rl.training.policy_folder import HEADS, MODEL, PolicyCard, check_policy
from negosim.rl.training.quiet import quiet

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class PolicyContext:
    """A dialogue in which it is the policy's turn."""

    turns: tuple[tuple[Role, str], ...] = ()
    """Who said what so far."""
    system: str | None = None
    """The context that the policy's training showed before the first turn, where it did."""


@dataclass(frozen=True)
class PolicyReply:
    """What a policy says."""

    text: str
    complete: bool
    """Whether it ended its turn itself; False: it was cut off after `max_tokens`."""
    forgotten: int = 0
    """Oldest turns it did not see because its context is too short."""


class Policy:
    """A language model with the value heads that guide it."""

    def __init__(
        self, card: PolicyCard, lm: "PreTrainedModel", heads: Sequence[ValueHead], form: DialogueFormat
    ) -> None:
        self.card, self.lm, self.heads, self.form = card, lm.eval(), tuple(heads), form

    @classmethod
    def load(cls, folder: str | Path, *, device: str | torch.device | None = None) -> Self:
        """Load a policy from its folder, onto a GPU if there is one.

        Raises:
            UserError: no policy is there, or its parts do not belong together.

        """
        from transformers import AutoModelForCausalLM, AutoTokenizer

        path = Path(folder).expanduser()
        card = check_policy(path)
        device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        try:
            with quiet():
                tokenizer = AutoTokenizer.from_pretrained(path / MODEL, trust_remote_code=False)
                lm: Any = AutoModelForCausalLM.from_pretrained(
                    path / MODEL, use_safetensors=True, dtype=torch.float32, trust_remote_code=False
                )
            weights = load_file(path / HEADS) if card.heads else {}
        except (OSError, ValueError, SafetensorError) as error:
            raise UserError(f"{path} is damaged: {str(error).splitlines()[0]}; {WAY_OUT}") from None
        vocabulary, width = lm.get_output_embeddings().weight.shape
        heads = [_head(path / HEADS, name, weights, width, vocabulary) for name in guides(card.heads)]
        form = DialogueFormat(tokenizer, card.config.begin)
        return cls(card, lm.to(device), [head.to(device) for head in heads], form)

    def reply(
        self,
        prefixes: Sequence[PolicyContext],
        *,
        seeds: Sequence[int],
        sampling: Sampling | None = None,
        speaker: Role = "agent",
    ) -> list[PolicyReply]:
        """Say the next turn of each dialogue, all at once.

        Each has a seed of its own: the same dialogue and seed give the same turn. `speaker` is "user"
        for models of both sides (`--algo forward`). Without `sampling` it speaks as its folder says.

        Raises:
            UserError: the context has no room for a dialogue's system prompt.

        """
        sampling = sampling or self.card.decoding
        if sampling.advantage is None:
            sampling = sampling.model_copy(update={"advantage": self.card.decoding.advantage})
        most = self.card.max_length
        reserve = min(sampling.max_tokens, most // 4)
        asked = [
            self.form.prompt(prefix.system, prefix.turns, most, speaker, reserve=reserve)
            for prefix in prefixes
        ]
        said = decode(
            self.lm,
            self.heads,
            [prompt for prompt, _ in asked],
            sampling=sampling,
            seeds=seeds,
            rooms=[most - len(prompt) for prompt, _ in asked],
            stop=self.form.end_of_turn[-1],
            banned=self._banned,
        )
        return [self._read(tokens, forgotten) for tokens, (_, forgotten) in zip(said, asked, strict=True)]

    def _read(self, tokens: list[int], forgotten: int) -> PolicyReply:
        end = self.form.end_of_turn
        complete = tokens[-len(end) :] == end
        text = self.form.tokenizer.decode(
            tokens[: -len(end)] if complete else tokens, skip_special_tokens=True
        )
        return PolicyReply(str(text).strip(), complete, forgotten)

    @cached_property
    def _banned(self) -> Tensor:
        """Tokens that are never said: control tokens but those that end a turn, and unused rows."""
        banned = torch.zeros(self.lm.get_output_embeddings().weight.shape[0], dtype=torch.bool)
        banned[len(self.form.tokenizer) :] = True
        banned[sorted(self.form.special - set(self.form.end_of_turn))] = True
        return banned.to(self.lm.device)


def _head(path: Path, name: str, weights: dict[str, Tensor], width: int, vocabulary: int) -> ValueHead:
    head = ValueHead(width, vocabulary)
    prefix = f"heads.{name}."
    own = {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}
    try:
        head.load_state_dict(own)
    except RuntimeError:
        raise UserError(f"{path}: head {name!r} does not fit the model beside it; {WAY_OUT}") from None
    return head.eval()
