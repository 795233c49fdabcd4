"""Section: what dispositions that the run gave to roles went with."""

from collections.abc import Iterator
from dataclasses import replace

from negosim.reports._corpus import Corpus
from negosim.reports._model import Number, ReportTable, Row, Section
from negosim.reports._numbers import change, count, mean, share

TITLE = "Traits"
CAPTION = "The difference is to the dialogues in which the same agent does not have the trait."


def section(corpus: Corpus) -> Section:
    """Return outcomes by trait and agent; nothing where no run gives traits."""
    named = sorted({name for run in corpus.runs for name in run.header.traits})
    if not named:
        return Section("traits", TITLE, ())
    tables: list[ReportTable] = []
    for key, title, column, scenarios in _measures(corpus):
        rows = tuple(_rows(corpus, named, column, scenarios))
        if rows:
            heads = ("agreement", "joint share", "gain") if key == "deals" else ("reward",)
            tables.append(
                ReportTable(
                    f"traits-{key}",
                    f"{title} by trait",
                    ("agent", "trait", "n", *heads, "difference"),
                    rows,
                    words=2,
                    caption=(CAPTION,),
                )
            )
    return Section("traits", TITLE, tuple(tables), brief=_brief(tables[0]) if tables else None)


def _brief(table: ReportTable) -> ReportTable:
    """Return a table without what stands between the number of dialogues and what traits are held against."""
    kept = [0, 1, 2, len(table.columns) - 2, len(table.columns) - 1]
    columns = tuple(table.columns[place] for place in kept)
    rows = tuple(tuple(row[place] for place in kept) for row in table.rows)
    return replace(table, columns=columns, rows=rows)


def _measures(corpus: Corpus) -> Iterator[tuple[str, str, str, list[str]]]:
    """Yield what traits are held against: key, title, column without the agent's number, scenarios."""
    if corpus.space_ids:
        yield "deals", "Outcomes", "gain", corpus.space_ids
    rewarded = [
        key for key, one in corpus.scenarios.items() if any(role.reward is not None for role in one.roles)
    ]
    if rewarded:
        yield "rewards", "Rewards", "reward", rewarded


def _rows(corpus: Corpus, named: list[str], column: str, scenarios: list[str]) -> Iterator[Row]:
    for agent in range(1, corpus.agents + 1):
        for name in named:
            has, worth = f"trait_{agent}_{name}", f"{column}_{agent}"
            sample = corpus.complete.only(scenario=scenarios)
            if has not in sample.frame or worth not in sample.frame:
                continue
            sample = sample.known(has)
            theirs = sample.only(**{has: True})
            if not len(theirs.frame[worth].dropna()):
                continue
            found: tuple[Number, ...] = (mean(theirs, worth),)
            if column == "gain":
                found = (share(theirs, "agreed"), mean(theirs, "joint_share"), *found)
            moved = change(sample, worth, has, False, True)
            yield (f"agent {agent}", name, count(theirs), *found, moved)
