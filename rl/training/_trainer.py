"""The training loop: the same steps on one CPU, several GPUs or several machines, through accelerate."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import nn

from negosim.errors import UserError
from negosim.rl.training._algorithm import Algorithm
from negosim.rl.training._batches import batches, collate, share
from negosim.rl.training._config import TrainConfig
from negosim.rl.training.dialogue_format import Encoded
from negosim.rl.training.model import ValueModel


@dataclass(frozen=True)
class OptimizerStep:
    """What one step of the optimizer came to."""

    number: int
    """1 for the first."""
    figures: dict[str, float]
    """Losses and means of Q and V, per action of the batch."""
    gradient_norm: float
    """Before clipping."""
    actions: int
    """Action tokens of the batch."""
    tokens: int
    """Tokens of the batch, padding excluded."""
    seconds: float


@contextmanager
def accelerated(config: TrainConfig) -> Iterator[Accelerator]:
    """Yield the accelerator of a run; another run in this process may choose another precision."""
    try:
        yield Accelerator(mixed_precision="no" if config.precision == "fp32" else config.precision)
    finally:
        AcceleratorState._reset_state()


class Trainer:
    """A model, its optimizer and its place in the data."""

    def __init__(
        self, accelerator: Accelerator, model: ValueModel, data: Sequence[Encoded], config: TrainConfig
    ) -> None:
        """Prepare a model for training on all processes.

        Raises:
            UserError: the batch cannot be divided among the processes.

        """
        self.accelerator, self.data, self.config = accelerator, data, config
        self.algorithm: Algorithm = config.algorithm
        self.done = 0
        """Steps done so far."""
        if config.batch_size % accelerator.num_processes:
            raise UserError(
                f"a batch of {config.batch_size} dialogues cannot be divided among "
                f"{accelerator.num_processes} processes; choose a --batch-size that can"
            )
        if config.gradient_checkpointing:
            _checkpoint_activations(model)
        if config.compile:
            model.lm.base_model.compile()
        _freeze_unused(model, self.algorithm)
        trained = [weight for weight in model.parameters() if weight.requires_grad]
        optimizer = torch.optim.AdamW(
            trained, lr=config.learning_rate, weight_decay=config.weight_decay, betas=(0.9, 0.999)
        )
        self.model: nn.Module
        self.model, self.optimizer = accelerator.prepare(model, optimizer)

    @property
    def plain(self) -> ValueModel:
        """The model without what accelerate wraps around it."""
        model = self.accelerator.unwrap_model(self.model)
        assert isinstance(model, ValueModel)
        return model

    def run(self, watch: Callable[[OptimizerStep], None] = lambda step: None) -> None:
        """Do the steps that are left.

        Raises:
            UserError: a loss or the gradient is not a number; says where.

        """
        config = self.config
        self.model.train()
        lengths = [len(dialogue.tokens) for dialogue in self.data]
        plan = batches(lengths, config.batch_size, config.seed)
        for indices in islice(plan, self.done, config.steps):
            step = self._step([self.data[index] for index in indices])
            self.done = step.number
            watch(step)

    def _step(self, batch: Sequence[Encoded]) -> OptimizerStep:
        started = time.perf_counter()
        actions = sum(len(dialogue.actions) for dialogue in batch)
        figures = self._accumulate(batch, actions)
        self._check(figures, batch)
        norm = self.accelerator.clip_grad_norm_(
            [weight for weight in self.model.parameters() if weight.requires_grad], self.config.max_grad_norm
        )
        gradient_norm = float(norm)
        self._check({"gradient": gradient_norm}, batch)
        rise = min(1.0, (self.done + 1) / (self.config.warmup_steps or 1))
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate * rise
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.algorithm.after_step(self.plain)
        return OptimizerStep(
            number=self.done + 1,
            figures=figures,
            gradient_norm=gradient_norm,
            actions=actions,
            tokens=sum(len(dialogue.tokens) for dialogue in batch),
            seconds=time.perf_counter() - started,
        )

    def _accumulate(self, batch: Sequence[Encoded], actions: int) -> dict[str, float]:
        """Add up the gradients of a batch; return its figures.

        Losses are sums, divided by the number of actions of the whole batch: the result does not depend
        on how the batch is cut into micro-batches and shared among processes.
        """
        accelerator, processes = self.accelerator, self.accelerator.num_processes
        micro_size = self.config.micro_batch_size or len(batch) // processes
        parts = share(range(len(batch)), accelerator.process_index, processes, micro_size)
        totals: dict[str, torch.Tensor] = {}
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            with nullcontext() if last else accelerator.no_sync(self.model):
                micro = collate([batch[index] for index in part]).to(accelerator.device)
                sums = self.model(micro, self.algorithm.losses)
                # Data-parallel wrappers average gradients over processes; what is wanted is their sum.
                accelerator.backward(sums["loss"] * (processes / actions))
            for name, value in sums.items():
                totals[name] = totals.get(name, 0) + value.detach().float()
        stacked = accelerator.reduce(torch.stack(list(totals.values())), "sum") / actions
        return dict(zip(totals, stacked.tolist(), strict=True))

    def _check(self, figures: dict[str, float], batch: Sequence[Encoded]) -> None:
        for name, value in figures.items():
            if not math.isfinite(value):
                ids = ", ".join(dialogue.id for dialogue in batch[:5]) + (", ..." if len(batch) > 5 else "")
                raise UserError(
                    f"step {self.done + 1}: {name} is {value}; training stops before it spoils the weights. "
                    f"Lower --learning-rate, or look at the dialogues of this batch: {ids}"
                )


def _checkpoint_activations(model: ValueModel) -> None:
    """Compute activations again on the way back; transformers renamed how in version 5."""
    enable = (
        getattr(model.lm, "activation_checkpointing_enable", None) or model.lm.gradient_checkpointing_enable
    )
    enable({"use_reentrant": False})


def _freeze_unused(model: ValueModel, algorithm: Any) -> None:
    """Leave out of training what takes no gradient: an output matrix of its own, without cloning."""
    if getattr(algorithm, "bc_weight", 1):
        return
    output = model.lm.get_output_embeddings()
    if output.weight is not model.lm.get_input_embeddings().weight:
        output.requires_grad_(False)
