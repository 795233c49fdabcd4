"""The judge `strategy:FOLDER`: a trained classifier says of each utterance which strategies it has."""

from collections.abc import Sequence

from negosim.gnome._classifier import StrategyClassifier
from negosim.gnome._labels import label_map
from negosim.judging import Item, QuestionSet, Task
from negosim.records import Judgement

STRATEGIES = "strategies"
"""The question set it answers: one yes or no for each class and utterance."""


class StrategyJudge:
    """Answers questions about utterances whose ids are classes of strategy; others are not applicable."""

    perspectives = ("third_party",)
    questions = (STRATEGIES,)

    def __init__(self, folder: str) -> None:
        """Read the classifier from its folder.

        Raises:
            UserError: there is none.

        """
        self._classifier = StrategyClassifier.load(folder)

    @property
    def fingerprint(self) -> dict[str, object]:
        """What its answers depend on: the card of the classifier, with the hashes of its files."""
        card = self._classifier.card
        return {} if card is None else card.model_dump(mode="json")

    async def answer(self, task: Task, asked: QuestionSet, items: Sequence[Item]) -> Sequence[Judgement]:
        """Answer every item of a set about a dialogue."""
        said = [turn.utterance.text for turn in task.dialogue.turns]
        given = self._classifier.strategies(said)
        known = label_map().names
        return [
            item.judged("ok", value=item.question in given[item.turn])
            if item.turn is not None and item.question in known
            else item.judged("not_applicable", reason="tells the strategies of utterances alone")
            for item in items
        ]
