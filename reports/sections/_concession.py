"""Concession: what offers were worth to the one who made them, turn by turn."""

from functools import partial

from negosim.reports._corpus import Corpus
from negosim.reports._model import Figure, Missing, Number, Prose, ReportTable, Row
from negosim.reports._numbers import bare, count, n_of
from negosim.reports._sentences import intervals, joined
from negosim.reports.sections import _names as names
from negosim.reports.sections._curves import SPAN, Curve, curve, draw_curves, drawn, thin_ends


def concession(corpus: Corpus) -> Figure | Missing:
    """Return how demands fall over the dialogue."""
    offers = corpus.offers
    complete = offers.only(complete=True).known("own_share") if len(offers) else offers
    if not len(complete):
        return Missing(
            "No dialogue has a complete offer (a value for every issue) of which is known what it is worth, "
            "so there is no concession curve."
        )
    curves = {
        (role, name): curve(complete.only(agent=role, condition=name), "own_share")
        for role in range(corpus.agents)
        for name in corpus.conditions
    }
    table = _table(curves)
    points = [number for one in curves.values() for _, number in one]
    return Figure(
        "concession",
        "Concession curves",
        partial(draw_curves, rows=[("own share of the offer", curves)], agents=corpus.agents),
        2.75,
        table,
        joined([_caption(curves, count(complete)), intervals(points)], ""),
    )


def _table(curves: dict[tuple[int, str], Curve]) -> ReportTable:
    rows: list[Row] = []
    for (role, name), one in curves.items():
        for span, number in one:
            label = f"{span * SPAN + 1} to {span * SPAN + SPAN}"
            rows.append((names.agent(role), names.condition(name), label, n_of(number), number))
    columns = ("agent", "condition", "utterances", "offers", "own share")
    return ReportTable("concession", "Own share of offers by utterance", columns, tuple(rows), words=3)


def _caption(curves: dict[tuple[int, str], Curve], offers: Number) -> Prose:
    said: Prose = (
        "What an offer was worth to the one who made it: 1 is the best possible deal, 0 the reservation "
        "value. All scenarios together; n = ",
        offers,
        " complete offers. Towards the right there are only the dialogues that lasted so long."
        + thin_ends(curves),
    )
    parts = [said]
    for (role, name), one in curves.items():
        if len(ends := drawn(one)) >= 2:
            parts.append(
                (
                    f" {names.agent(role).capitalize()} ({names.condition(name)}): from ",
                    bare(ends[0][1]),
                    " at first to ",
                    bare(ends[-1][1]),
                    " at last.",
                )
            )
    return joined(parts, "")
