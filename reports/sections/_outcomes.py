"""Outcomes: agreement, efficiency, what each side gained, the value plane of every scenario."""

from functools import partial

from negosim.measures import SOLUTIONS
from negosim.reports._corpus import Corpus
from negosim.reports._model import Block, Figure, Prose, ReportTable, Row, Section
from negosim.reports._numbers import count, mean, share
from negosim.reports._sentences import counted, extremes, joined
from negosim.reports.sections import _names as names
from negosim.reports.sections._answers import answer_tables
from negosim.reports.sections._coalitions import coalition_tables
from negosim.reports.sections._concession import concession
from negosim.reports.sections._plane import PER_PAGE, draw_planes, panel_titles, plane_data, plane_height

TITLE = "Outcomes"


def section(corpus: Corpus) -> Section:
    """Return what the negotiations came to, from their structured offers alone."""
    answers = answer_tables(corpus)
    if not corpus.deal_ids:
        said: Prose = ("There was nothing to settle; what counts is what the roles answered in private.",)
        return Section("outcomes", TITLE, (said, *answers), brief=answers[0] if answers else None)
    blocks: list[Block] = [
        _lead(corpus),
        _efficiency(corpus),
        _gains(corpus),
        _solutions(corpus),
        *coalition_tables(corpus),
        concession(corpus),
        *_planes(corpus),
        *answers,
    ]
    return Section("outcomes", TITLE, tuple(blocks), brief=_brief(corpus))


def _lead(corpus: Corpus) -> Prose:
    labelled = [
        (key, share(corpus.complete.only(scenario=key).known("agreed"), "agreed")) for key in corpus.deal_ids
    ]
    overall = share(corpus.complete, "agreed")
    said: Prose = (
        "Outcomes are computed from the offers the agents made, not from anyone's opinion. ",
        "Of the finished dialogues ",
        overall,
        " ended in an agreement.",
    )
    return joined([said, extremes(labelled, "It is most frequent in", "least in")], "")


def _groups(corpus: Corpus) -> list[tuple[str, str]]:
    return [(key, name) for key in corpus.deal_ids for name in corpus.conditions]


def _efficiency(corpus: Corpus) -> ReportTable:
    rows: list[Row] = []
    abandoned = len(corpus.complete.only(outcome="abandoned")) > 0
    for key, name in [*_groups(corpus), *(("all", name) for name in corpus.conditions)]:
        sample = corpus.complete.only(condition=name)
        if key != "all":
            sample = sample.only(scenario=key)
        elif corpus.deal_ids != corpus.scenario_ids:
            sample = sample.only(scenario=corpus.deal_ids)
        deals = sample.only(outcome="agreement")
        rows.append(
            (
                key,
                names.condition(name),
                count(sample),
                share(sample, "agreed"),
                mean(deals, "pareto_distance"),
                mean(deals, "nash_ratio"),
                *([share(sample, "outcome", of="abandoned")] if abandoned else []),
            )
        )
    heads = ("scenario", "condition", "n", "agreement", "Pareto distance", "Nash ratio")
    return ReportTable(
        "outcome-efficiency",
        "Agreement and efficiency",
        (*heads, "abandoned") if abandoned else heads,
        tuple(rows),
        words=2,
        bars="agreement",
        caption=(
            "Agreement among finished dialogues; distance to the Pareto frontier (0 is efficient) and "
            "share of the largest Nash product (1 is best) among agreements."
            + (" Abandoned: all said that they had concluded, with issues open." if abandoned else ""),
        ),
    )


def _gains(corpus: Corpus) -> ReportTable:
    rows: list[Row] = []
    for key, name in _groups(corpus):
        deals = corpus.complete.only(condition=name, scenario=key, outcome="agreement")
        gains = [mean(deals, f"gain_{role + 1}") for role in range(corpus.agents)]
        rational = share(deals, "rational")
        rows.append(
            (key, names.condition(name), count(deals), mean(deals, "joint_value", 1), rational, *gains)
        )
    return ReportTable(
        "outcome-values",
        "What agreements are worth",
        (
            "scenario",
            "condition",
            "deals",
            "joint value (points)",
            "rational for all",
            *(f"gain of {names.agent(role)}" for role in range(corpus.agents)),
        ),
        tuple(rows),
        words=2,
        caption=(
            "Joint value is in the scenario's own points and cannot be compared between scenarios. A gain is "
            "scaled: 0 is the role's reservation value, 1 its best possible deal.",
        ),
    )


def _solutions(corpus: Corpus) -> ReportTable:
    rows: list[Row] = []
    for key, name in _groups(corpus):
        sample = corpus.complete.only(condition=name, scenario=key)
        deals = sample.only(outcome="agreement")
        far = [mean(deals, f"{solution}_distance") for solution in SOLUTIONS]
        rows.append((key, names.condition(name), count(deals), mean(sample, "joint_gain_share"), *far))
    return ReportTable(
        "outcome-solutions",
        "Joint gain, and how far agreements are from solutions of bargaining",
        (
            *("scenario", "condition", "deals", "share of the best joint gain"),
            *("Nash", "Kalai-Smorodinsky", "egalitarian", "utilitarian"),
        ),
        tuple(rows),
        words=2,
        caption=(
            "Joint gain over no deal, as a share of the largest there is, over all finished dialogues: one "
            "without a deal has 0. Distances are of agreements, in units of the Pareto distance, 0 at the "
            "solution: the largest product of gains (Nash), the largest least gain as a share of each role's "
            "best (Kalai-Smorodinsky) or in points (egalitarian), the largest sum (utilitarian).",
        ),
    )


def _brief(corpus: Corpus) -> ReportTable:
    rows: list[Row] = []
    for key in corpus.deal_ids:
        sample = corpus.complete.only(scenario=key)
        deals = sample.only(outcome="agreement")
        rows.append((key, count(sample), mean(deals, "pareto_distance"), share(sample, "agreed")))
    return ReportTable(
        "outcome-brief",
        "Agreement by scenario",
        ("scenario", "n", "Pareto distance", "agreement"),
        tuple(rows),
        bars="agreement",
        caption=("All conditions together.",) if len(corpus.conditions) > 1 else (),
    )


def _planes(corpus: Corpus) -> list[Figure]:
    figures = []
    keys = [key for key in corpus.space_ids if len(corpus.scenarios[key].roles) == 2]
    for start in range(0, len(keys), PER_PAGE):
        part = keys[start : start + PER_PAGE]
        data = plane_data(corpus, part)
        suffix = f"-{start // PER_PAGE + 1}" if len(keys) > PER_PAGE else ""
        figures.append(
            Figure(
                f"value-planes{suffix}",
                "Every possible deal and the deals reached",
                partial(draw_planes, corpus=corpus, keys=part),
                plane_height(len(part)),
                data,
                _plane_caption(corpus, part),
                tuple(panel_titles(corpus).values()),
            )
        )
    return figures


def _plane_caption(corpus: Corpus, keys: list[str]) -> Prose:
    deals = corpus.complete.only(scenario=keys, outcome="agreement")
    distances = [
        (key, mean(deals.only(scenario=key), "pareto_distance"))
        for key in keys
        if len(deals.only(scenario=key))
    ]
    said: Prose = (
        "Each panel is one scenario, its axes the points of agent 1 and of agent 2. Small grey dots: all "
        "possible deals; line: the Pareto frontier; dashed: reservation values; star: the Nash point. "
        "Marks are the ",
        count(deals),
        " deals reached, larger where several are equal.",
    )
    closest = extremes(distances, "On average deals lie furthest from the frontier in", "nearest in")
    return joined(
        [said, closest, counted([count(deals.only(scenario=key)) for key in keys], "deals", each="panel")]
    )
