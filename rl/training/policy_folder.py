"""The folder of a policy: `policy.json`, `model/` (plain Hugging Face format) and `heads.safetensors`."""

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, ValidationError

from negosim._checksum import checksums_below, with_checksum
from negosim._files import first_error
from negosim._frozen import Frozen
from negosim.errors import UserError
from negosim.rl._trajectory import Role
from negosim.rl.policy_files import CARD, card_content, check_policy_files
from negosim.rl.training._config import TrainConfig
from negosim.rl.training.decoding import Sampling
from negosim.rl.training.quiet import quiet

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

MODEL = "model"
HEADS = "heads.safetensors"


class PolicyCard(Frozen):
    """What a policy is and how it came about."""

    format: Literal["negosim-policy-1"] = "negosim-policy-1"
    config: TrainConfig
    """How it was trained."""
    heads: tuple[str, ...]
    """Its value heads; none for imitation."""
    reward_scale: float
    """What rewards were multiplied by in training: a Q of 1 is a reward of 1 / reward_scale."""
    max_length: int
    """Most tokens of a dialogue; older turns are left out when it speaks."""
    trajectories: int
    """Dialogues it learnt from."""
    cut: int
    """How many of them were too long and lost their oldest turns, or parts of long ones."""
    left_out: int = 0
    """Dialogues it did not learn from because nothing of them fits the context."""
    notes: tuple[str, ...] = ()
    """What was odd about the data, and what to do about it."""
    data: str
    """Fingerprint of what it learnt from."""
    system: str | None = None
    """The context shown before the first turn, where it was the same in all dialogues."""
    opener: Role = "agent"
    """Who began most dialogues."""
    files: dict[str, str] = Field(default_factory=dict)
    """Checksums (CRC-32) of the files beside it, by path."""

    @property
    def decoding(self) -> Sampling:
        """How it speaks unless it is told otherwise, beta included."""
        stored = self.config.decoding
        beta = float(self.config.algorithm.advantage) if stored.advantage is None else stored.advantage
        return stored.model_copy(update={"advantage": beta})


def write_policy(
    folder: Path,
    card: PolicyCard,
    lm: "PreTrainedModel",
    weights: "dict[str, Tensor]",
    tokenizer: "PreTrainedTokenizerBase",
    heads: "dict[str, Tensor]",
) -> None:
    """Write a policy into a folder; its card comes last, so that a folder with one is whole.

    `weights` are those of `lm`, by name; tied ones once.
    """
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".policy-", ignore_cleanup_errors=True) as made:
        part = Path(made)
        with quiet():
            lm.save_pretrained(part / MODEL, state_dict=weights or None)
        tokenizer.save_pretrained(part / MODEL)
        if heads:
            save_file(heads, part / HEADS)
        content = card.model_copy(update={"files": checksums_below(part)}).model_dump_json(indent=2)
        (part / CARD).write_bytes(with_checksum(content.encode()))
        shutil.rmtree(folder / MODEL, ignore_errors=True)
        for name in (MODEL, *([HEADS] if heads else []), CARD):
            (part / name).rename(folder / name)


def read_policy_card(folder: str | Path) -> PolicyCard:
    """Read what a policy is.

    Raises:
        UserError: no policy is there, or its file is damaged.

    """
    try:
        return PolicyCard.model_validate_json(card_content(folder))
    except ValidationError as error:
        path = Path(folder).expanduser() / CARD
        raise UserError(f"{path}: {first_error(error)}; was it written by another version?") from None


def check_policy(folder: str | Path) -> PolicyCard:
    """Read what a policy is, and check that its files are what was written.

    Raises:
        UserError: no policy is there, or a file of it is damaged or missing; names it.

    """
    card = read_policy_card(folder)
    check_policy_files(folder)
    return card
