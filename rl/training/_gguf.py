"""A model of the catalogue, one GGUF file, as a transformers model with full weights."""

import copy
from typing import TYPE_CHECKING

import torch

from negosim.errors import UserError
from negosim.models import cached
from negosim.rl.training.quiet import quiet

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
        tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name, trust_remote_code=False)
        unpacked = AutoModelForCausalLM.from_pretrained(
            path.parent, gguf_file=path.name, dtype=dtype, trust_remote_code=False
        )
        # transformers goes on calling the unpacked model quantised and refuses to save it; a model of
        # the same shape and weights is just a model.
        config = copy.deepcopy(unpacked.config)
        vars(config).pop("quantization_config", None)
        lm = AutoModelForCausalLM.from_config(config, dtype=dtype)
    lm.load_state_dict(unpacked.state_dict())
    tokenizer.name_or_path = name
    return lm, tokenizer
