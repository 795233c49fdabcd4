"""Three roles or more: what each role gets, and who makes deals with whom; no plane could show it."""

from negosim.measures import coalition_name
from negosim.reports._corpus import Corpus
from negosim.reports._model import Cell, Number, ReportTable, Row
from negosim.reports._numbers import count, mean, share
from negosim.reports.sections import _names as names


def coalition_tables(corpus: Corpus) -> list[ReportTable]:
    """Return the value of each role in scenarios of three and more, and how often each coalition deals."""
    keys = [key for key in corpus.space_ids if len(corpus.scenarios[key].roles) > 2]
    tables = [_values(corpus, keys)] if keys else []
    some = [key for key in keys if not corpus.scenarios[key].rule.takes_all]
    return [*tables, _coalitions(corpus, some)] if some else tables


def _values(corpus: Corpus, keys: list[str]) -> ReportTable:
    rows: list[Row] = []
    for key in keys:
        scenario = corpus.scenarios[key]
        for role in range(len(scenario.roles)):
            for name in corpus.conditions:
                sample = corpus.complete.only(scenario=key, condition=name).known("agreed")
                party: Cell = "–" if scenario.rule.takes_all else share(sample, f"party_{role + 1}")
                value, gain = mean(sample, f"value_{role + 1}", 1), mean(sample, f"gain_{role + 1}")
                kept = _reservation(corpus, key, role)
                rows.append(
                    (key, names.agent(role), names.condition(name), count(sample), kept, value, gain, party)
                )
    return ReportTable(
        "outcome-roles",
        "What each role gets, with and without a deal",
        ("scenario", "role", "condition", "n", "reservation", "value", "gain", "party to the deal"),
        tuple(rows),
        words=3,
        caption=(
            "Over all finished dialogues. Who is no party to a deal has its reservation value, a gain of 0; "
            "1 is the role's best possible deal.",
        ),
    )


def _reservation(corpus: Corpus, key: str, role: int) -> Number:
    value = float(corpus.scenarios[key].space.reservations[role])
    how = {"statistic": "reservation values", "agent": role}
    return Number(f"{value:g}", value, 1, corpus.header_rows(scenario=key), how=how)


def _coalitions(corpus: Corpus, keys: list[str]) -> ReportTable:
    rows: list[Row] = []
    for key in keys:
        sample = corpus.complete.only(scenario=key)
        # Every coalition that could make a deal stands in the table, those that never did too.
        for parties in (*corpus.scenarios[key].rule.coalitions, None):
            label = "no deal" if parties is None else coalition_name(parties)
            for name in corpus.conditions:
                made = sample.only(condition=name).known("agreed")
                joint = mean(made.only(coalition=label), "joint_value", 1)
                found = share(made, "coalition", of=label)
                rows.append((key, label, names.condition(name), count(made), found, joint))
    return ReportTable(
        "outcome-coalitions",
        "Who makes deals with whom",
        ("scenario", "deal between", "condition", "n", "share of dialogues", "joint value (points)"),
        tuple(rows),
        words=3,
        caption=(
            "Share of the finished dialogues that end in a deal of exactly these agents. The joint value "
            "counts the reservation values of those left out.",
        ),
    )
