"""Question sets of people's labels and ratings, so that other judges can be asked the same."""

from collections.abc import Mapping
from typing import Any

from negosim.importing._record import RATINGS
from negosim.importing._scenario import name_of, slug
from negosim.importing._source import Importer, Rating
from negosim.records import JudgedValue

MOST_LABELS = 60
"""Labels of which each utterance is asked; a source with more has free text rather than labels."""

_MOST_GRADES = 101


class Inventory:
    """The labels and the answers that occur in a source."""

    def __init__(self, importer: Importer) -> None:
        self._importer = importer
        self.labels: dict[str, str] = dict(importer.labels)
        """What they say, by id."""
        self._answers: dict[str, tuple[Rating, set[JudgedValue]]] = {}

    def see_label(self, label: str) -> None:
        """Take note of a label, as people wrote it."""
        self.labels.setdefault(slug(label), " ".join(label.replace("_", " ").replace("-", " ").split()))

    def see_rating(self, rating: Rating) -> None:
        """Take note of an answer."""
        _, seen = self._answers.setdefault(rating.question, (rating, set()))
        if rating.value is not None:
            seen.add(rating.value)

    def label_set(self, id: str) -> dict[str, Any]:
        """Return a set that asks of each utterance whether it has each label."""
        return {
            "schema_version": 1,
            "id": id,
            "title": "What an utterance does",
            "instructions": "Say of each utterance by itself whether it does this; it may do several things.",
            "perspectives": ["third_party"],
            "questions": [
                {
                    "id": label,
                    "text": f"Does {{agent}} do this here: {' '.join(meaning.split())}?",
                    "about": "turn",
                    "answer": "yes_no",
                    "quotes": 0,
                }
                for label, meaning in self.labels.items()
            ],
        }

    def rating_set(self) -> dict[str, Any] | None:
        """Return a set that asks what people were asked; None where nothing of it can be asked again."""
        questions = [
            {"id": question, **_about(rating), **answer, "quotes": 0}
            for question, (rating, seen) in self._answers.items()
            if (answer := self._answer(question, rating, seen)) is not None
        ]
        if not questions:
            return None
        return {
            "schema_version": 1,
            "id": RATINGS,
            "title": "What people said of the conversation",
            "perspectives": ["third_party"],
            "questions": questions,
        }

    def _answer(self, question: str, rating: Rating, seen: set[JudgedValue]) -> dict[str, Any] | None:
        text, meanings = self._importer.ratings.get(question, ("", {}))
        words = text or f"How would you rate this: {question.replace('-', ' ')}?"
        if meanings:
            return {"text": words, "answer": "scale", "scale": dict(meanings)}
        if seen and all(isinstance(value, bool) for value in seen):
            return {"text": words, "answer": "yes_no"}
        if len(seen) < 2:
            return None
        numbers = [value for value in seen if isinstance(value, int) and not isinstance(value, bool)]
        if len(numbers) == len(seen):
            low, high = min(numbers), max(numbers)
            scale = {low: "the lowest", high: "the highest"}
            return {"text": words, "answer": "scale", "scale": scale} if high - low < _MOST_GRADES else None
        if all(isinstance(value, str) for value in seen) and len(seen) <= MOST_LABELS:
            options = {slug(str(value)): name_of(str(value), 1) for value in sorted(map(str, seen))}
            listed = [{"id": id, "label": label} for id, label in options.items()]
            return {"text": words, "answer": "choice", "options": listed} if len(listed) > 1 else None
        return None


def _about(rating: Rating) -> Mapping[str, str]:
    if rating.turn is not None:
        return {"about": "turn"}
    return {"about": "dialogue" if rating.agent is None else "agent"}
