"""Language: how much is said, how varied, how repetitive."""

from negosim.reports._corpus import Corpus
from negosim.reports._model import Number, Prose, ReportTable, Row, Section
from negosim.reports._numbers import mean
from negosim.reports._sentences import joined
from negosim.reports.sections import _names as names

TITLE = "Language"
MEASURES = {
    "words_per_turn": ("words an utterance", 1),
    "questions_per_turn": ("questions an utterance", 2),
    "distinct_1": ("distinct words (distinct-1)", 3),
    "distinct_2": ("distinct word pairs (distinct-2)", 3),
    "repetition": ("repetition within a dialogue", 3),
    "tactic_entropy": ("entropy of tactics (bits)", 2),
}


def section(corpus: Corpus) -> Section:
    """Return the language measures by condition."""
    known = {column: label for column, label in MEASURES.items() if column in corpus.complete.frame}
    cells = {
        (column, name): mean(corpus.complete.only(condition=name), column, places)
        for column, (_, places) in known.items()
        for name in corpus.conditions
    }
    rows: tuple[Row, ...] = tuple(
        (label, *(cells[column, name] for name in corpus.conditions)) for column, (label, _) in known.items()
    )
    table = ReportTable(
        "language",
        "Language by condition",
        ("measure", *map(names.condition, corpus.conditions)),
        rows,
        caption=("Means over finished dialogues.",),
    )
    return Section("language", TITLE, (_lead(corpus, cells), table), brief=table)


def _lead(corpus: Corpus, cells: dict[tuple[str, str], Number]) -> Prose:
    parts: list[Prose] = []
    for name in corpus.conditions:
        words, questions = cells["words_per_turn", name], cells["questions_per_turn", name]
        said = f"In the condition “{names.condition(name)}” an utterance has "
        parts.append((said, words, " words and asks ", questions, " questions."))
    return joined(parts)
