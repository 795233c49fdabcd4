"""Checkpoints: safetensors and JSON only, written whole, from which training goes on exactly."""

import shutil
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import gather_object
from pydantic import ValidationError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_optimizer_state_dict,
)

from negosim._checksum import DamageError, check_files, checked, checksums_below, with_checksum
from negosim._files import first_error, unreadable, whole_folder
from negosim._frozen import Frozen
from negosim.errors import UserError
from negosim.rl.training._config import TrainConfig
from negosim.rl.training._trainer import Trainer
from negosim.rl.training._writing import writing_to
from negosim.rl.training.model import ValueModel

WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)

PREFIX = "checkpoint-"
ABOUT, WEIGHTS, OPTIMIZER, RANDOM = (
    *("about.json", "weights.safetensors"),
    *("optimizer.safetensors", "random.safetensors"),
)


FREE = frozenset(
    {"steps", "micro_batch_size", "checkpoint_every", "gradient_checkpointing", "compile", "decoding"}
)
"""What may differ when a run goes on: it changes cost, length or how the policy speaks, not what is
learnt at a step."""


class About(Frozen):
    """What a checkpoint is of."""

    config: TrainConfig
    """What the training was asked to do."""
    data: str
    """Fingerprint of what it learns from."""
    step: int
    """Steps that are done."""
    files: dict[str, str]
    """Checksums (CRC-32) of the files beside it, by name."""


def gathered(trainer: Trainer) -> dict[str, Tensor]:
    """Return the weights to keep, by name, whole and on the CPU also where processes share them.

    Only the main process gets them; all must call.
    """
    state: dict[str, Any] = get_model_state_dict(trainer.model, options=WHOLE)
    changing = _changing(trainer.plain)
    return {name: tensor.contiguous() for name, tensor in state.items() if name in changing}


def _changing(model: ValueModel) -> set[str]:
    """Name the weights to keep: all, or with adapters those that training changes.

    Weights with two names, as tied ones, appear once.
    """
    adapted = any("lora_" in name for name, _ in model.named_parameters())
    return {
        name
        for name, weight in model.named_parameters()
        if not adapted or weight.requires_grad or name.startswith("heads.")
    }


def save_checkpoint(folder: Path, trainer: Trainer, data: str) -> None:
    """Write a checkpoint to a folder of its own inside `folder`, then remove older ones.

    `data` is the fingerprint of what is learnt from.

    Raises:
        UserError: it cannot be written; the older ones stay.

    """
    weights = gathered(trainer)
    optimizer: dict[str, Any] = get_optimizer_state_dict(
        trainer.model, trainer.optimizer.optimizer, options=WHOLE
    )
    random = gather_object([_random_state()])
    if trainer.accelerator.is_main_process:
        moments = {
            f"{name}/{key}": value.contiguous()
            for name, values in optimizer["state"].items()
            for key, value in values.items()
        }
        states = {f"{process}/{key}": value for process, s in enumerate(random) for key, value in s.items()}
        whole = folder / f"{PREFIX}{trainer.done:08d}"
        shutil.rmtree(whole, ignore_errors=True)
        with writing_to(folder), whole_folder(whole) as part:
            for name, tensors in ((WEIGHTS, weights), (OPTIMIZER, moments), (RANDOM, states)):
                save_file(tensors, part / name)
            about = About(config=trainer.config, data=data, step=trainer.done, files=checksums_below(part))
            (part / ABOUT).write_bytes(with_checksum(about.model_dump_json(indent=2).encode()))
        for older in _checkpoints(folder)[:-1]:
            shutil.rmtree(older)
    trainer.accelerator.wait_for_everyone()


def latest_checkpoint(folder: Path) -> Path | None:
    """Return the newest checkpoint in a folder, None where there is none."""
    return next(reversed(_checkpoints(folder)), None)


def read_about(checkpoint: Path) -> About:
    """Return what was written about a checkpoint, having checked that all of it is as it was written.

    Raises:
        UserError: a file of it is damaged, missing or not to be read; names it.

    """
    place = checkpoint / ABOUT
    way_out = "train again into another --out"
    try:
        about = About.model_validate_json(checked(place.read_bytes())[0])
        check_files(checkpoint, about.files)
    except OSError as error:
        raise unreadable(error.filename or place, error, way_out) from None
    except DamageError as error:
        wrong = str(error) if str(error).startswith(str(checkpoint)) else f"{place}: {error}"
        raise UserError(f"{wrong}; {way_out}") from None
    except ValidationError as error:
        raise UserError(f"{place}: {first_error(error)}; {way_out}") from None
    return about


def check_same(found: About, config: TrainConfig, data: str, checkpoint: Path) -> None:
    """Check that a checkpoint is of the training that is asked for.

    Raises:
        UserError: something else would be learnt, or from other data.

    """
    before, now = _flat(found.config), _flat(config)
    for name in sorted((before.keys() | now.keys()) - FREE):
        if before.get(name) != now.get(name):
            raise UserError(
                f"{checkpoint} is of another run: {name} was {before.get(name)!r} and is now "
                f"{now.get(name)!r}; go on with the same, or choose another --out"
            )
    if found.data != data:
        raise UserError(f"{checkpoint} is of another run: it learnt from other trajectories")


def _flat(config: TrainConfig) -> dict[str, Any]:
    settings = config.model_dump(mode="json")
    algorithm: dict[str, Any] = settings.pop("algorithm")
    return settings | algorithm


def load_weights(checkpoint: Path, model: ValueModel) -> None:
    """Load a checkpoint's weights into a model that no process has wrapped yet.

    Raises:
        UserError: they are another model's.

    """
    load_exactly(model, load_file(checkpoint / WEIGHTS), _changing(model), checkpoint)


def load_exactly(module: torch.nn.Module, weights: dict[str, Tensor], names: set[str], source: Path) -> None:
    """Load weights that must be those of `names`, in name and shape.

    Raises:
        UserError: they are another model's.

    """
    shapes = {name: tuple(weight.shape) for name, weight in module.named_parameters() if name in names}
    given = {name: tuple(weight.shape) for name, weight in weights.items()}
    for name in sorted(shapes.keys() | given.keys()):
        if shapes.get(name) != given.get(name):
            raise UserError(
                f"{source} is of another model: {name} is {given.get(name, 'missing')} there and "
                f"{shapes.get(name, 'unknown')} here"
            )
    module.load_state_dict(weights, strict=False)


def load_progress(checkpoint: Path, trainer: Trainer, step: int) -> None:
    """Put the optimizer, the random generators and the place in the data where the checkpoint was made.

    `step` is how many steps were done then.
    """
    moments: dict[str, dict[str, Tensor]] = {}
    for name, value in load_file(checkpoint / OPTIMIZER).items():
        weight, _, key = name.rpartition("/")
        moments.setdefault(weight, {})[key] = value
    optimizer = trainer.optimizer.optimizer
    # Groups of weights by name, which every process knows; the moments are those of the file.
    state: dict[str, Any] = {**get_optimizer_state_dict(trainer.model, optimizer), "state": moments}
    set_optimizer_state_dict(trainer.model, optimizer, state, options=StateDictOptions(full_state_dict=True))
    random = load_file(checkpoint / RANDOM)
    own = f"{trainer.accelerator.process_index}/"
    mine = {name.removeprefix(own): value for name, value in random.items() if name.startswith(own)}
    if mine:
        torch.set_rng_state(mine["cpu"])
        if "cuda" in mine and torch.cuda.is_available():
            torch.cuda.set_rng_state(mine["cuda"])
    trainer.done = step


def _random_state() -> dict[str, Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob(f"{PREFIX}*") if (path / ABOUT).is_file())
