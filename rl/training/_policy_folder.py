"""The folder of a policy: `policy.json`, `model/` (plain Hugging Face format) and `heads.safetensors`."""

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from negosim._frozen import Frozen
from negosim.errors import UserError
from negosim.rl._trajectory import Role
from negosim.rl.training._config import TrainConfig
from negosim.rl.training._decoding import Sampling
from negosim.rl.training._quiet import quiet

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

CARD = "policy.json"
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
    """Write a policy into a folder; `policy.json` comes last, so that a folder with it is whole.

    `weights` are those of `lm`, by name; tied ones once.
    """
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".policy-", ignore_cleanup_errors=True) as made:
        part = Path(made)
        with quiet():
            lm.save_pretrained(part / MODEL, state_dict=weights or None)
        tokenizer.save_pretrained(part / MODEL)
        shutil.rmtree(folder / MODEL, ignore_errors=True)
        (part / MODEL).rename(folder / MODEL)
        if heads:
            save_file(heads, part / HEADS)
            (part / HEADS).rename(folder / HEADS)
        (part / CARD).write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
        (part / CARD).rename(folder / CARD)


def read_policy_card(folder: str | Path) -> PolicyCard:
    """Read what a policy is.

    Raises:
        UserError: no policy is there, or its file is damaged.

    """
    path = Path(folder).expanduser() / CARD
    try:
        return PolicyCard.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        unfinished = any(path.parent.glob("checkpoint-*"))
        hint = (
            "its training has not ended; go on with negosim rl train ... --resume"
            if unfinished
            else "make one with negosim rl train"
        )
        raise UserError(f"{str(folder)!r} is no policy folder (it has no {CARD}); {hint}") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "content"
        raise UserError(f"{path}: {where}: {first['msg']}") from None
