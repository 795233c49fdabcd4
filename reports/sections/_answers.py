"""Private answers of roles, before and after, and the rewards that follow from them."""

from collections.abc import Iterator

from negosim.reports._corpus import Corpus, Sample
from negosim.reports._model import Number, ReportTable, Row
from negosim.reports._numbers import NOTHING, count, mean
from negosim.reports.sections import _names as names
from negosim.scenarios import Measure, Scenario

MOMENTS = ("before", "after", "change", "mean", "last")
"""Columns of the table; the last two are those of what is asked at each turn."""


def answer_tables(corpus: Corpus) -> list[ReportTable]:
    """Return the answers to measures and the rewards, where scenarios have them."""
    return [table for table in (_measured(corpus), _rewards(corpus)) if table is not None]


def _measured(corpus: Corpus) -> ReportTable | None:
    rows: list[Row] = []
    shown = [moment for moment in MOMENTS if _has(corpus, moment)]
    for key in corpus.scenario_ids:
        scenario = corpus.scenarios[key]
        for measure in scenario.measures:
            for role, column, asked in _asked(measure, scenario):
                for name in corpus.conditions:
                    sample = corpus.complete.only(scenario=key, condition=name)
                    cells = [_mean(sample, f"{moment}_{measure.id}_{role + 1}{column}") for moment in shown]
                    about = key, measure.id, asked, names.condition(name)
                    rows.append((*about, count(sample), *cells))
    if not rows:
        return None
    return ReportTable(
        "measures",
        "What the roles answered in private",
        ("scenario", "measure", "asked of", "condition", "n", *shown),
        tuple(rows),
        words=4,
        caption=("Means of the answers that were given, on each measure's own scale; yes counts as 1.",),
    )


def _asked(measure: Measure, scenario: Scenario) -> Iterator[tuple[int, str, str]]:
    """Yield who is asked: the role, the rest of the column that has the answers, and how it is called."""
    for role in measure.roles(scenario.role_index) if _numeric(measure) else ():
        for other in measure.targets(role, len(scenario.roles)):
            if other is None:
                yield role, "", names.agent(role)
            else:
                yield role, f"_of_{other + 1}", f"{names.agent(role)}, of {names.agent(other)}"


def _numeric(measure: Measure) -> bool:
    """Tell whether there is a mean of the answers; beliefs have a section of their own."""
    return measure.answer not in ("choice", "belief")


def _has(corpus: Corpus, moment: str) -> bool:
    """Tell whether anything was asked at a moment."""
    asked = {
        "before": {"before"},
        "after": {"after"},
        "change": {"before", "after"},
        "mean": {"each_turn"},
        "last": {"each_turn"},
    }
    measures = [one for key in corpus.scenario_ids for one in corpus.scenarios[key].measures]
    return any(asked[moment] <= set(one.when) for one in measures if _numeric(one))


def _mean(sample: Sample, column: str) -> Number:
    if column not in sample.frame:
        return Number(NOTHING, None, 0, sample.rows, how={"statistic": "mean", "column": column})
    return mean(sample, column)


def _rewards(corpus: Corpus) -> ReportTable | None:
    rows: list[Row] = []
    for key in corpus.scenario_ids:
        scenario = corpus.scenarios[key]
        for role, player in enumerate(scenario.roles) if any(one.reward for one in scenario.roles) else ():
            told = "value of the deal"
            if player.reward is not None:
                told = player.reward.expression or f"function {player.reward.function}"
            for name in corpus.conditions:
                sample = corpus.complete.only(scenario=key, condition=name)
                reward = mean(sample, f"reward_{role + 1}")
                rows.append((key, names.agent(role), told, names.condition(name), count(sample), reward))
    if not rows:
        return None
    return ReportTable(
        "rewards",
        "What dialogues were worth to each role",
        ("scenario", "role", "reward", "condition", "n", "mean"),
        tuple(rows),
        words=4,
        caption=("Rewards as the scenario says them; those that cannot be known are left out.",),
    )
