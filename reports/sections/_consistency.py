"""Section: agreement of judges with each other and with themselves, and errors they share."""

import shlex

from negosim.judging import PERSON
from negosim.measures import (
    OrderEffect,
    PositionBias,
    error_correlation,
    order_effects,
    position_bias,
    reliability,
)
from negosim.records import TRUTH
from negosim.reports import _commands
from negosim.reports._corpus import ORACLE, Corpus, Sample
from negosim.reports._model import Block, Heading, Missing, Name, Number, ReportTable, Row
from negosim.reports._numbers import from_estimate, written
from negosim.reports.sections import _names as names
from negosim.reports.sections._calibration import asked

ITEMS = {"statistic": "items"}


def consistency(corpus: Corpus, sample: Sample) -> list[Block]:
    """Return the tables there is data for, or the command that makes it."""
    tables = [make(corpus, sample) for make in (_reliability, _order, _position, _errors)]
    shown: list[Block] = [table for table in tables if table.rows]
    if not shown:
        return [_missing(corpus)]
    return shown


def _missing(corpus: Corpus) -> Missing:
    """Say what would make them: a model is asked again, a person is joined by one."""
    said = (
        "No question was answered by two judges, or twice by one, so how far judges agree with each other "
        "and with themselves is not known."
    )
    models = [judge for judge in corpus.judges if not judge.startswith(PERSON)]
    if not models:
        return Missing(said, _commands.judge(corpus, f"--judge-model {_commands.model_of(corpus)}"))
    return Missing(said, _commands.judge(corpus, f"--judge-model {shlex.quote(models[0])}", "--repeats 3"))


def _reliability(corpus: Corpus, sample: Sample) -> ReportTable:
    rows: list[Row] = []
    for each in reliability(sample.frame, scope=sample.scope):
        source = asked(sample, each.question).only(perspective=each.perspective, status="ok")
        source = source.only(judge=each.judge) if each.judge else source
        how = {"among": each.among, "metric": each.metric}
        among: Heading = each.among
        if each.judge:
            among = Name.joined("repeats of", corpus.named(each.judge), between=" ")
        alpha = from_estimate(each.alpha, source.rows, {"statistic": "alpha", **how})
        counted = (("coders", each.coders), ("units", each.units))
        coders, units = (
            Number(f"{many:,}", many, each.alpha.n, source.rows, how={"statistic": name, **how})
            for name, many in counted
        )
        rows.append((each.question, names.perspective(each.perspective), among, coders, units, alpha))
    return ReportTable(
        "reliability",
        "Agreement of judges with each other and with themselves",
        ("question", "perspective", "among", "judges or repeats", "items", "Krippendorff's α"),
        tuple(rows),
        words=3,
        caption=("1 is perfect agreement, 0 what chance would give.",),
    )


def _order(corpus: Corpus, sample: Sample) -> ReportTable:
    rows: list[Row] = []
    for each in order_effects(sample.frame, scope=sample.scope):
        source, label = _own(corpus, sample, each)
        cells = [
            from_estimate(found, source.rows, {"statistic": name}, percent=True, places=0)
            for name, found in (("changed", each.changed), ("floor", each.floor))
        ]
        n = Number(f"{each.changed.n:,}", each.changed.n, each.changed.n, source.rows, how=ITEMS)
        rows.append((*label, n, *cells))
    return ReportTable(
        "order-effects",
        "Answers that change when the options are in another order",
        ("judge", "question", "perspective", "items", "changed", "same order"),
        tuple(rows),
        words=3,
        caption=(
            "Of what was asked in several orders, the share that was not always answered alike; of what was "
            "asked twice in the same order, the same: what chance changes (--repeats 3).",
        ),
    )


def _position(corpus: Corpus, sample: Sample) -> ReportTable:
    rows: list[Row] = []
    for each in position_bias(sample.frame, scope=sample.scope):
        source, label = _own(corpus, sample, each)
        n = each.first.n
        first = from_estimate(each.first, source.rows, {"statistic": "first"}, percent=True, places=0)
        shown = f"{written(100 * each.expected, 0)} %"
        expected = Number(shown, each.expected, n, source.rows, how={"statistic": "first expected"})
        excess = from_estimate(each.excess, source.rows, {"statistic": "first excess"})
        of_n = Number(f"{n:,}", n, n, source.rows, how={"statistic": "drawn"})
        rows.append((*label, of_n, first, expected, excess))
    return ReportTable(
        "position-bias",
        "Answers that stood first among those shown",
        ("judge", "question", "perspective", "n", "first", "expected", "excess"),
        tuple(rows),
        words=3,
        caption=(
            "Of answers to questions whose order was drawn (repeats after the first). Expected: the same "
            "where order decides nothing, given what was answered. An excess above 0 prefers what stands "
            "first.",
        ),
    )


def _own(
    corpus: Corpus, sample: Sample, each: OrderEffect | PositionBias
) -> tuple[Sample, tuple[Heading, Heading, Heading]]:
    """Return a judge's answers to a question, and what they are called."""
    source = asked(sample, each.question).only(perspective=each.perspective, judge=each.judge)
    label = (corpus.named(each.judge), each.question, names.perspective(each.perspective))
    return source.only(status="ok"), label


def _errors(corpus: Corpus, sample: Sample) -> ReportTable:
    rows: list[Row] = []
    for each in error_correlation(sample.frame, scope=sample.scope):
        judges = [each.judge_a, each.judge_b]
        found = asked(sample, each.question)
        source = found.only(perspective=[each.perspective, TRUTH], judge=[*judges, ORACLE]).rows
        how = {"of": judges, "against": "the answers from the perspective truth"}
        items = each.correlation.n
        n = Number(f"{items:,}", items, items, source, how={"statistic": "items", **how})
        first, second = map(corpus.named, judges)
        label = (each.question, names.perspective(each.perspective), first, second)
        how = {"statistic": "error correlation", **how}
        rows.append((*label, n, from_estimate(each.correlation, source, how)))
    return ReportTable(
        "error-correlation",
        "Errors that judges make together",
        ("question", "perspective", "judge", "and judge", "items", "correlation of errors"),
        tuple(rows),
        words=4,
        caption=("1: the same errors, so that a second judge adds nothing; 0: independent ones.",),
    )
