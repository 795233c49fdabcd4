"""Base models of a training: a language model and its tokenizer, by name."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from negosim.errors import UserError
from negosim.rl._trajectory import Trajectory
from negosim.rl.policy_files import CARD
from negosim.rl.training._tiny import texts_of, tiny_gpt, word_tokenizer
from negosim.rl.training.dialogue_format import DialogueFormat, NoRoomError
from negosim.rl.training.policy_folder import MODEL, check_policy
from negosim.rl.training.quiet import quiet

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

LONGEST_TINY = 2048
"""Longest context a small GPT is made for, in tokens."""

_TINY = re.compile(r"tiny(?::(\d+)x(\d+))?")


def load_base(
    name: str,
    trajectories: Sequence[Trajectory],
    max_length: int | None,
    *,
    dtype: torch.dtype = torch.float32,
) -> tuple["PreTrainedModel", "PreTrainedTokenizerBase"]:
    """Return the model that `TrainConfig.model` names, and its tokenizer.

    A small GPT gets a vocabulary and a context that fit the trajectories; its weights are drawn from
    torch's global generator.

    Raises:
        UserError: no such model, or its tokenizer has more tokens than it knows.

    """
    if match := _TINY.fullmatch(name):
        return _tiny(match, trajectories, max_length)
    if name == "smollm2":
        from negosim.rl.training._gguf import load_gguf

        lm, tokenizer = load_gguf("smollm2", dtype)
    else:
        lm, tokenizer = _transformers(name, dtype)
    known = len(lm.get_input_embeddings().weight)  # type: ignore[arg-type]
    if len(tokenizer) > known:
        raise UserError(
            f"model {name!r}: its tokenizer has {len(tokenizer)} tokens and the model knows {known}; "
            "they do not belong together"
        )
    return lm, tokenizer


def context_of(lm: "PreTrainedModel", asked: int | None) -> int:
    """Return the most tokens a dialogue may have: what is asked for, else the model's context.

    Raises:
        UserError: more is asked for than the model can take, or its context is not known.

    """
    most: Any = getattr(lm.config.get_text_config(), "max_position_embeddings", None)
    if most is None and asked is None:
        raise UserError("the model does not say how long its context is; give --max-length")
    if most is not None and asked is not None and asked > most:
        raise UserError(f"--max-length {asked} is more than the model's context of {most} tokens")
    return int(asked if asked is not None else most)


def _tiny(
    match: re.Match[str], trajectories: Sequence[Trajectory], max_length: int | None
) -> tuple["PreTrainedModel", "PreTrainedTokenizerBase"]:
    layers, width = (int(match[1]), int(match[2])) if match[1] else (4, 128)
    if not 1 <= layers <= 48 or width % 32 or not 32 <= width <= 2048:
        raise UserError(
            f"model {match.group()!r}: a small GPT has 1 to 48 layers and a width that is a multiple of 32, "
            "as in tiny:4x128"
        )
    tokenizer = word_tokenizer(texts_of(trajectories))
    if max_length is None:
        form = DialogueFormat(tokenizer)
        longest = max((_length(form, trajectory) for trajectory in trajectories), default=0)
        # Room for a policy that talks longer than the data, which it then forgets turn by turn.
        max_length = min(LONGEST_TINY, max(128, -(-longest * 5 // 4 // 64) * 64))
    return tiny_gpt(len(tokenizer), layers=layers, width=width, context=max_length), tokenizer


def _length(form: DialogueFormat, trajectory: Trajectory) -> int:
    try:
        return len(form.encode(trajectory, LONGEST_TINY).tokens)
    except NoRoomError:
        return LONGEST_TINY


def _transformers(name: str, dtype: torch.dtype) -> tuple["PreTrainedModel", "PreTrainedTokenizerBase"]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    place = Path(name).expanduser()
    if (place / CARD).is_file():
        check_policy(place)
        place = place / MODEL
    source = str(place) if place.is_dir() else name
    if not place.is_dir() and not re.fullmatch(r"\w[\w.-]*(/\w[\w.-]*)?", name):
        raise UserError(f"no model {name!r}; give tiny, smollm2, a folder, or a name on the Hugging Face hub")
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
            lm = AutoModelForCausalLM.from_pretrained(
                source, dtype=dtype, use_safetensors=True, trust_remote_code=False
            )
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(
            f"model {name!r} cannot be loaded: {reason}; give tiny, smollm2, the folder of a policy or of a "
            "transformers model with safetensors, or a name on the Hugging Face hub"
        ) from None
    return lm, tokenizer
