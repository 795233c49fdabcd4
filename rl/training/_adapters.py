"""Low-rank adapters (Hu et al. 2021), through peft."""

import warnings
from typing import TYPE_CHECKING

from torch import Tensor

from negosim.rl.training._base_models import load_base
from negosim.rl.training._config import TrainConfig

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel


def add_adapters(lm: "PreTrainedModel", rank: int) -> "PeftModel":
    """Put adapters of a rank on every linear layer but the output and freeze the rest, in place."""
    from peft import LoraConfig, get_peft_model
    from transformers.pytorch_utils import Conv1D

    transposed = any(isinstance(module, Conv1D) for module in lm.modules())
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear", fan_in_fan_out=transposed)
    with warnings.catch_warnings():
        # peft asks transformers by a name that is on its way out; that is between the two of them.
        warnings.simplefilter("ignore", FutureWarning)
        return get_peft_model(lm, config)


def merged(config: TrainConfig, adapters: dict[str, Tensor]) -> "PreTrainedModel":
    """Return the model a run began with, in float32, with the trained adapters added to its weights."""
    assert config.lora_rank is not None
    lm, _ = load_base(config.model, [], config.max_length)
    wrapped = add_adapters(lm, config.lora_rank)
    unknown = lm.load_state_dict(adapters, strict=False).unexpected_keys
    assert not unknown, unknown
    plain: PreTrainedModel = wrapped.merge_and_unload()
    return plain
