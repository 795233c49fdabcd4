"""Classifiers of strategies: made from a name, trained, kept in a folder, read again."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import ValidationError

from negosim._files import check_free, first_error, unreadable, whole_folder, write_whole
from negosim._frozen import Frozen
from negosim.errors import UserError
from negosim.gnome._corpus import StrategyDialogue
from negosim.gnome._inputs import Marks, labelled_texts, mask, with_context
from negosim.gnome._labels import label_map, map_digest
from negosim.gnome._linear import LinearClassifier, marks_of

CARD = "classifier.json"
LINEAR = ("majority", "tfidf", "minilm")
NEURAL = ("encoder", "decoder")
MASKED = "-masked"
MOST_CONTEXT = 8


class ClassifierSpec(Frozen):
    """What a classifier is, as its name says: "tfidf", "tfidf-masked", "minilm", "encoder:NAME"."""

    kind: str
    target: str = ""
    """Of an encoder or decoder: folder or name of the model; "" is the packaged MiniLM."""
    masked: bool = False
    context: int = 0

    @classmethod
    def parse(cls, name: str, context: int = 0) -> "ClassifierSpec":
        """Read a name.

        Raises:
            UserError: there is no such classifier, or the context is out of range.

        """
        base, _, target = name.partition(":")
        masked = base.endswith(MASKED)
        kind = base.removesuffix(MASKED)
        if (
            kind not in (*LINEAR, *NEURAL)
            or (target and kind in LINEAR)
            or (kind == "decoder" and not target)
        ):
            raise UserError(
                f"no classifier {name!r}; there are {', '.join(LINEAR)}, encoder (the packaged MiniLM), "
                "encoder:FOLDER|NAME|deberta-v3|electra and decoder:FOLDER|NAME, each also as KIND-masked"
            )
        if not 0 <= context <= MOST_CONTEXT:
            raise UserError(f"context must be 0 to {MOST_CONTEXT} utterances, not {context}")
        return cls(kind=kind, target=target, masked=masked, context=context)

    @property
    def name(self) -> str:
        """The name it was parsed from, with its context."""
        context = f" +{self.context} before" if self.context else ""
        return f"{self.kind}{MASKED * self.masked}{':' * bool(self.target)}{self.target}{context}"


class TextClassifier(Protocol):
    """What tells the classes of texts."""

    def fit(self, texts: Sequence[str], marks: Marks) -> Any:
        """Fit it to labelled texts."""
        ...

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return how likely each class is, shape (texts, classes)."""
        ...

    def save(self, folder: Path) -> None:
        """Write what it has learnt."""
        ...


class ClassifierCard(Frozen):
    """What is said of a trained classifier."""

    schema_version: int = 1
    spec: ClassifierSpec
    classes: tuple[str, ...]
    label_map: str
    seed: int
    dialogues: int
    utterances: int
    sources: dict[str, int]
    """Dialogues by source; of mapped ones, by "source, mapped"."""
    weights: dict[str, str]
    """SHA-256 of each file beside the card."""


@dataclass(frozen=True)
class StrategyClassifier:
    """A trained classifier of strategies."""

    spec: ClassifierSpec
    model: TextClassifier
    card: ClassifierCard | None = None

    @classmethod
    def trained(
        cls, spec: ClassifierSpec, dialogues: Sequence[StrategyDialogue], seed: int = 0
    ) -> "StrategyClassifier":
        """Train one on labelled dialogues.

        Raises:
            UserError: there is nothing to train on, or a library is missing.

        Examples:
            >>> from negosim.gnome import ClassifierSpec, StrategyClassifier, StrategyDialogue
            >>> from negosim.gnome import StrategyUtterance
            >>> said = StrategyUtterance(0, "Hello!", ("rapport",))
            >>> talk = StrategyDialogue("a", "casino", (said,), "a")
            >>> made = StrategyClassifier.trained(ClassifierSpec.parse("majority"), [talk])
            >>> made.strategies(["Two for ten?"])
            [('rapport',)]

        """
        read = labelled_texts(dialogues, context=spec.context, masked=spec.masked)
        if not read.texts:
            raise UserError("there is no labelled utterance to train on")
        model = made_model(spec, seed)
        model.fit(read.texts, read.marks)
        return cls(spec, model)

    def marks(self, dialogues: Sequence[StrategyDialogue]) -> Marks:
        """Return the classes it gives the labelled utterances of dialogues."""
        read = labelled_texts(dialogues, context=self.spec.context, masked=self.spec.masked)
        return marks_of(self.model.probabilities(read.texts))

    def strategies(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        """Return the classes of each utterance of a dialogue."""
        read = with_context(texts, self.spec.context)
        if self.spec.masked:
            read = [mask(text) for text in read]
        names = label_map().names
        if not read:
            return []
        found = marks_of(self.model.probabilities(read))
        return [tuple(name for name, given in zip(names, row, strict=True) if given) for row in found]

    def save(self, out: str | Path, dialogues: Sequence[StrategyDialogue], seed: int) -> ClassifierCard:
        """Write it into a new folder, with a card of what it was trained on.

        Raises:
            UserError: the folder is not empty, or cannot be written.

        """
        place = Path(out).expanduser()
        check_free(place)
        counts: dict[str, int] = {}
        for dialogue in dialogues:
            name = f"{dialogue.source}{', mapped' if dialogue.parent is not None else ''}"
            counts[name] = counts.get(name, 0) + 1
        with whole_folder(place) as part:
            self.model.save(part)
            card = ClassifierCard(
                spec=self.spec,
                classes=label_map().names,
                label_map=map_digest(),
                seed=seed,
                dialogues=len(dialogues),
                utterances=len(labelled_texts(dialogues).texts),
                sources=counts,
                weights=_digests(part),
            )
            content = orjson.dumps(card.model_dump(mode="json"), option=orjson.OPT_INDENT_2)
            write_whole(part / CARD, content)
        return card

    @classmethod
    def load(cls, folder: str | Path) -> "StrategyClassifier":
        """Read one from its folder.

        Raises:
            UserError: there is none, or it is damaged or of another label map.

        """
        place = Path(folder).expanduser()
        try:
            card = ClassifierCard.model_validate_json((place / CARD).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            raise UserError(
                f"no classifier of strategies at {str(place)!r}: it has no {CARD}; negosim gnome train makes "
                "one"
            ) from None
        except ValidationError as error:
            raise UserError(f"{place / CARD}: {first_error(error)}") from None
        except OSError as error:
            raise unreadable(place / CARD, error) from None
        if card.classes != label_map().names:
            raise UserError(f"{place / CARD}: its classes are {', '.join(card.classes)}; train it again")
        if (found := _digests(place)) != card.weights:
            wrong = sorted(
                name for name in {*found, *card.weights} if found.get(name) != card.weights.get(name)
            )
            raise UserError(f"{place}: damaged: {', '.join(wrong)} is not what was written; train it again")
        try:
            return cls(card.spec, _loaded(card.spec, place), card)
        except (OSError, ValueError) as error:
            raise UserError(f"{place} cannot be read ({error}); train it again") from None


def made_model(spec: ClassifierSpec, seed: int) -> TextClassifier:
    """Return an untrained model of a classifier.

    Raises:
        UserError: a library is missing.

    """
    if spec.kind in LINEAR:
        return LinearClassifier(spec.kind, seed)  # type: ignore[arg-type]
    from negosim.gnome._neural import NeuralClassifier

    return NeuralClassifier(spec.kind, spec.target, seed)


def _loaded(spec: ClassifierSpec, place: Path) -> TextClassifier:
    if spec.kind in LINEAR:
        return LinearClassifier.load(place, spec.kind)  # type: ignore[arg-type]
    from negosim.gnome._neural import NeuralClassifier

    return NeuralClassifier.load(place, spec.kind, spec.target)


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != CARD)
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files
    }
