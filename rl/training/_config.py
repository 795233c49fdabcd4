"""Configuration of a training."""

from typing import Annotated, Literal

from pydantic import Field

from negosim._frozen import Frozen
from negosim.rl.training.decoding import Sampling
from negosim.rl.training.ilql import ILQL
from negosim.rl.training.mc import MC
from negosim.rl.training.sft import BC, RFT, SFT, Forward

AnyAlgorithm = Annotated[ILQL | MC | SFT | RFT | BC | Forward, Field(discriminator="algo")]

ALGORITHMS: dict[str, type[ILQL | MC | SFT | RFT | BC | Forward]] = {
    "ilql": ILQL,
    "mc": MC,
    "sft": SFT,
    "rft": RFT,
    "bc": BC,
    "forward": Forward,
}


class TrainConfig(Frozen):
    """How to train; written beside the policy."""

    algorithm: AnyAlgorithm = ILQL()
    """The algorithm and its hyperparameters."""
    model: str = "tiny"
    """What to start from: "tiny" or "tiny:LAYERSxWIDTH" (a small GPT with a vocabulary made from the
    data), "smollm2" (SmolLM2-135M-Instruct), the folder of a policy or of a transformers model, or a name
    on the Hugging Face hub."""
    steps: Annotated[int, Field(ge=1)] = 1000
    """Steps of the optimizer."""
    batch_size: Annotated[int, Field(ge=1)] = 32
    """Dialogues a step, over all processes."""
    micro_batch_size: Annotated[int, Field(ge=1)] | None = None
    """Dialogues a process holds at a time; None: its share of the batch. Changes memory, not results."""
    learning_rate: Annotated[float, Field(gt=0)] = 1e-4
    """Of AdamW."""
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    """Steps over which the learning rate rises from 0; it is constant afterwards."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    max_grad_norm: Annotated[float, Field(gt=0)] = 1.0
    """Gradients with a larger norm are scaled down to it."""
    max_length: Annotated[int, Field(ge=8)] | None = None
    """Most tokens of a dialogue; None: the model's context. Longer ones lose their oldest turns."""
    begin: Literal["user"] | None = None
    """"user": every dialogue begins with a user turn that has the system prompt at its head, a neutral one
    where the agent speaks first; for chat templates that refuse others. None: as the dialogues begin."""
    lora_rank: Annotated[int, Field(ge=1)] | None = None
    """Train adapters of this rank on all linear layers and leave the model as it is; None: train it all."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Of the trunk and the cross-entropies; values, targets and the optimizer are in float32."""
    gradient_checkpointing: bool = False
    """Compute activations again on the way back: less memory, a third more time."""
    compile: bool = False
    """Compile the trunk with torch.compile."""
    decoding: Sampling = Sampling()
    """How the policy speaks, unless it is told otherwise; no `advantage`: the algorithm's."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Of weights, order of data and dropout."""
    checkpoint_every: Annotated[int, Field(ge=1)] = 200
    """Steps between checkpoints, from which an interrupted run goes on."""
