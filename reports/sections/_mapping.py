"""Section: dialogues mapped into other domains, what of them was dropped and why, and their domains."""

from collections.abc import Iterator, Mapping
from typing import Any

from negosim.reports._corpus import Corpus
from negosim.reports._model import Number, Prose, ReportTable, Row, Section

TITLE = "Mapped dialogues"
MAPPED = "gnome"
"""What `imported.source` of a run says whose dialogues were mapped."""


def section(corpus: Corpus) -> Section:
    """Return what became of each mapping by reason, and the domains; nothing where no run is mapped."""
    rows: list[Row] = []
    said: list[Prose] = []
    for name, run in zip(corpus.names, corpus.runs, strict=True):
        origin = run.header.imported
        if origin is None or origin.source != MAPPED or "mapped" not in origin.settings:
            continue
        rows += _rows(corpus, name, len(run), origin.settings["mapped"], origin.left_out | origin.altered)
        said.append(_domains(corpus, name, origin.settings))
    if not rows:
        return Section("mapping", TITLE, ())
    table = ReportTable(
        "mapping-counts",
        "Mapped dialogues, taken and dropped",
        ("run", "what became of them", "dialogues"),
        tuple(rows),
        words=2,
        caption=(
            "A dialogue is dropped for the first reason that holds. Strategies are those of the sources.",
        ),
    )
    return Section("mapping", TITLE, (table, *said), brief=table)


def _rows(corpus: Corpus, name: str, taken: int, mapped: int, reasons: Mapping[str, int]) -> Iterator[Row]:
    yield name, "mapped", _stored(corpus, name, mapped, "imported.settings.mapped")
    yield name, "taken", _stored(corpus, name, taken, "planned")
    for reason, count in reasons.items():
        verb = "" if reason.startswith("end markers mended") else "dropped: "
        yield name, f"{verb}{reason}", _stored(corpus, name, count, f"imported.left_out.{reason}")


def _stored(corpus: Corpus, name: str, value: int, field: str) -> Number:
    how = {"statistic": "stored", "column": field}
    return Number(f"{value:,}", value, 1, corpus.header_rows(run=name), how=how)


def _domains(corpus: Corpus, name: str, settings: Mapping[str, Any]) -> Prose:
    domains = settings["distinct_domains"]
    return (
        f"{name}: mapped by {settings['mapper']}"
        + (" (typed lexicons, no language model)" if settings["mapper"] == "rules" else "")
        + ", in ",
        _stored(corpus, name, domains["distinct"], "imported.settings.distinct_domains.distinct"),
        f" distinct domains ({domains['by']}), such as {'; '.join(domains['examples'][:8])}.",
    )
