"""A model of the catalogue, one GGUF file, as a transformers model with full weights."""

from typing import TYPE_CHECKING

import torch

from negosim.errors import UserError
from negosim.models import cached
from negosim.rl.training._quiet import quiet

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def load_gguf(name: str, dtype: torch.dtype) -> tuple["PreTrainedModel", "PreTrainedTokenizerBase"]:
    """Return a model of the catalogue and its tokenizer, its quantised weights unpacked.

    Raises:
        UserError: it has not been got yet.

    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path = cached(name)
    if path is None:
        raise UserError(f"{name} has not been got yet; run: negosim models get {name}")
    with quiet():
        tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
        lm = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=dtype)
    tokenizer.name_or_path = name
    return lm, tokenizer
