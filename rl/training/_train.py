"""Training of a policy folder from trajectories."""

import hashlib
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import Tensor

from negosim._files import append_whole, write_whole
from negosim._text import several
from negosim.errors import UserError
from negosim.rl._outlier import outlier_note
from negosim.rl._trajectory import Trajectory
from negosim.rl.training._adapters import add_adapters, merged
from negosim.rl.training._algorithm import Algorithm
from negosim.rl.training._base_models import context_of, load_base
from negosim.rl.training._checkpoint import (
    check_same,
    gathered,
    latest_checkpoint,
    load_progress,
    load_weights,
    read_about,
    save_checkpoint,
)
from negosim.rl.training._config import TrainConfig
from negosim.rl.training._tracking import check_trackers, tracking
from negosim.rl.training._trainer import OptimizerStep, Trainer, accelerated
from negosim.rl.training._writing import writing_to
from negosim.rl.training.dialogue_format import DialogueFormat, Encoded, NoRoomError
from negosim.rl.training.model import ValueModel
from negosim.rl.training.policy_folder import PolicyCard, write_policy

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

CURVE = "training.jsonl"
"""One line a step: losses, means of Q and V, norm of the gradient, tokens, seconds."""

CUT = "cut.jsonl"
"""One line a dialogue that was too long: its id, and what of it was left out."""


@dataclass(frozen=True)
class TrainingData:
    """What training works with."""

    lm: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"
    data: list[Encoded]
    max_length: int
    reward_scale: float
    left_out: dict[str, str] = field(default_factory=dict)
    """Dialogues of which nothing fits the context, by id, and why."""

    @property
    def fingerprint(self) -> str:
        """A hash of the tokens, actions and rewards, in order."""
        found = hashlib.sha256()
        for item in self.data:
            found.update(repr((item.tokens, item.actions, item.rewards, item.terminal)).encode())
        return found.hexdigest()[:16]


def train(
    trajectories: Iterable[Trajectory],
    out: str | Path,
    config: TrainConfig,
    *,
    resume: bool = False,
    track: Sequence[str] = (),
    watch: Callable[[OptimizerStep], None] = lambda step: None,
    note: Callable[[str], None] = lambda text: None,
) -> PolicyCard:
    """Train a policy and write it to the folder `out`.

    Under `accelerate launch` every process calls this; the first one writes.

    Args:
        trajectories: what is learnt from, all of it; `read_trajectories` reads a folder.
        out: the folder to make.
        config: algorithm, model to start from, steps, batch size and the like.
        resume: whether to go on from the newest checkpoint in `out`, exactly as if training had not been
            interrupted.
        track: dashboards that follow it, "tensorboard" or "wandb".
        watch: called with every step, in the first process.
        note: called before the first step with what is odd about the data.

    Returns:
        How the policy was trained, and on what; it is in the folder too.

    Raises:
        UserError: the data teach nothing, the model cannot be loaded or does not fit, `out` is not empty,
            the checkpoint is damaged or another run's, a loss is not a number, or the disk is full.

    Examples:
        >>> from negosim.rl import read_trajectories
        >>> from negosim.rl.training import TrainConfig, train
        >>> config = TrainConfig(model="tiny:1x32", steps=2, batch_size=2)
        >>> card = train(read_trajectories("trajectories"), "policy", config)

    """
    track = several(track)
    check_trackers(track)
    folder = Path(out).expanduser()
    checkpoint = _checkpoint(folder, resume)
    begun_with = read_about(checkpoint) if checkpoint else None
    algorithm: Algorithm = config.algorithm
    chosen = algorithm.select(list(trajectories))
    with accelerated(config) as accelerator:
        set_seed(config.seed)
        for odd in _notes(chosen, config) if accelerator.is_main_process else ():
            note(odd)
        material = prepare(chosen, config)
        model = ValueModel(_trainable(material.lm, config), algorithm.heads)
        if checkpoint and begun_with:
            check_same(begun_with, config, material.fingerprint, checkpoint)
            load_weights(checkpoint, model)
        set_seed(config.seed, device_specific=True)
        trainer = Trainer(accelerator, model, material.data, config)
        if checkpoint and begun_with:
            load_progress(checkpoint, trainer, begun_with.step)
        accelerator.wait_for_everyone()  # all have looked at the folder before one writes to it
        try:
            with tracking(track, folder, config) as follow:
                _run(trainer, folder, material, (follow, watch))
            return _finish(trainer, folder, material, chosen)
        except BaseException:
            if checkpoint is None and accelerator.is_main_process and latest_checkpoint(folder) is None:
                shutil.rmtree(folder, ignore_errors=True)
            raise


def prepare(trajectories: Sequence[Trajectory], config: TrainConfig) -> TrainingData:
    """Load the model and turn trajectories into tokens.

    Rewards are divided by the largest absolute reward of a dialogue, so that Q lies around -1 to 1 and
    beta means the same for dollars as for points.

    Raises:
        UserError: the model cannot be loaded, its chat template refuses a dialogue, or none fits it.

    """
    low = config.lora_rank is not None and config.precision == "bf16"
    lm, tokenizer = load_base(
        config.model, trajectories, config.max_length, dtype=torch.bfloat16 if low else torch.float32
    )
    max_length = context_of(lm, config.max_length)
    form = DialogueFormat(tokenizer, config.begin)
    largest = max(abs(trajectory.total_reward) for trajectory in trajectories)
    scale = 1 / largest if largest else 1.0
    data: list[Encoded] = []
    left_out: dict[str, str] = {}
    for trajectory in trajectories:
        try:
            data.append(
                form.encode(trajectory, max_length, learner=config.algorithm.learner, reward_scale=scale)
            )
        except NoRoomError as error:
            left_out[trajectory.id] = str(error)
    if not data:
        raise UserError(f"no dialogue fits: {next(iter(left_out.values()))}")
    return TrainingData(lm, tokenizer, data, max_length, scale, left_out)


def _notes(trajectories: Sequence[Trajectory], config: TrainConfig) -> tuple[str, ...]:
    if not config.algorithm.heads:
        return ()
    note = outlier_note({trajectory.id: trajectory.total_reward for trajectory in trajectories})
    return (note,) if note else ()


def _trainable(lm: "PreTrainedModel", config: TrainConfig) -> "PreTrainedModel":
    if config.lora_rank is None:
        return lm
    if config.model.startswith("tiny"):
        raise UserError("a small GPT begins with random weights, to which adapters add nothing; drop --lora")
    add_adapters(lm, config.lora_rank)
    return lm


def _checkpoint(folder: Path, resume: bool) -> Path | None:
    if not resume:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UserError(
                f"{str(folder)!r} is not an empty folder; choose another --out, or go on with --resume"
            )
        return None
    checkpoint = latest_checkpoint(folder)
    if checkpoint is None:
        raise UserError(f"{str(folder)!r} has no checkpoint to go on from; train without --resume")
    return checkpoint


def _run(
    trainer: Trainer,
    folder: Path,
    material: TrainingData,
    watchers: Sequence[Callable[[OptimizerStep], None]],
) -> None:
    config, main = trainer.config, trainer.accelerator.is_main_process
    if main:
        with writing_to(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for killed in folder.glob(".*.part"):
                shutil.rmtree(killed)
            _write_cut(folder / CUT, material)
            _keep_lines(folder / CURVE, trainer.done)

    def each(step: OptimizerStep) -> None:
        if main:
            with writing_to(folder), (folder / CURVE).open("ab", buffering=0) as curve:
                append_whole(curve, orjson.dumps(_row(step), option=orjson.OPT_APPEND_NEWLINE))
            for watch in watchers:
                watch(step)
        if step.number % config.checkpoint_every == 0 and step.number < config.steps:
            save_checkpoint(folder, trainer, material.fingerprint)

    trainer.run(each)


def _row(step: OptimizerStep) -> dict[str, float]:
    return {
        "step": step.number,
        **step.figures,
        "gradient_norm": step.gradient_norm,
        "actions": step.actions,
        "tokens": step.tokens,
        "seconds": round(step.seconds, 4),
    }


def _write_cut(path: Path, material: TrainingData) -> None:
    cut = [(item.id, item.cut) for item in material.data if item.cut]
    gone = [(id, f"the whole dialogue: {reason}") for id, reason in material.left_out.items()]
    rows = [orjson.dumps({"id": id, "left_out": what}) for id, what in [*cut, *gone]]
    if rows:
        write_whole(path, b"\n".join(rows) + b"\n")


def _keep_lines(path: Path, count: int) -> None:
    """Keep the lines of the steps that a checkpoint has."""
    if path.exists():
        with path.open("rb") as lines:
            kept = list(islice(lines, count))
        write_whole(path, b"".join(kept))


def _finish(
    trainer: Trainer, folder: Path, material: TrainingData, chosen: Sequence[Trajectory]
) -> PolicyCard:
    config = trainer.config
    chosen = [trajectory for trajectory in chosen if trajectory.id not in material.left_out]
    contexts = {trajectory.system for trajectory in chosen}
    opened = sum(trajectory.turns[0].role == "agent" for trajectory in chosen)
    card = PolicyCard(
        config=config,
        heads=trainer.algorithm.heads,
        reward_scale=material.reward_scale,
        max_length=material.max_length,
        trajectories=len(chosen),
        cut=sum(item.cut is not None for item in material.data),
        left_out=len(material.left_out),
        notes=_notes(chosen, config),
        data=material.fingerprint,
        system=contexts.pop() if len(contexts) == 1 else None,
        opener="agent" if 2 * opened >= len(chosen) else "user",
    )
    weights = gathered(trainer)
    if trainer.accelerator.is_main_process:
        with writing_to(folder):
            _write(trainer.accelerator, trainer.plain, weights, folder, card, material)
        for checkpoint in folder.glob("checkpoint-*"):
            shutil.rmtree(checkpoint)
    trainer.accelerator.wait_for_everyone()
    return card


def _write(
    accelerator: Accelerator,
    model: ValueModel,
    weights: dict[str, Tensor],
    folder: Path,
    card: PolicyCard,
    material: TrainingData,
) -> None:
    heads = {name: weight for name, weight in weights.items() if name.startswith("heads.")}
    own = {name.removeprefix("lm."): weight for name, weight in weights.items() if name not in heads}
    lm = model.lm
    if card.config.lora_rank is not None:
        lm, own = merged(card.config, own), {}
    write_policy(folder, card, lm, own, material.tokenizer, heads)
