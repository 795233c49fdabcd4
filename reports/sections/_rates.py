"""Section: rates of judges corrected for their errors."""

from dataclasses import asdict

from negosim.measures import corrected_rates
from negosim.records import PERSON, THIRD_PARTY, TRUTH
from negosim.reports._corpus import ORACLE, Corpus, Sample
from negosim.reports._model import Block, ReportTable, Row
from negosim.reports._numbers import from_estimate, n_of, share
from negosim.reports.sections import _names as names
from negosim.reports.sections._calibration import asked


def rates(sample: Sample, corpus: Corpus) -> list[Block]:
    """Return how often judges say yes, corrected where their error or people's answers are known."""
    rows: list[Row] = []
    readers = [judge for judge in corpus.judges if judge.startswith(PERSON)]
    for each in corrected_rates(sample.frame, scope=sample.scope):
        if each.error is None and not each.by_people.n:
            continue
        of_question = asked(sample, each.question)
        if each.agent is not None:
            of_question = of_question.only(agent=each.agent)
        everyone = of_question.only(judge=[each.judge, ORACLE, *readers], perspective=[THIRD_PARTY, TRUTH])
        own = of_question.only(
            judge=each.judge, perspective=THIRD_PARTY, condition=each.condition, status="ok"
        )
        error = None if each.error is None else asdict(each.error)
        how = {"statistic": "corrected share", "column": "value", "of": [True], "error": error}
        powered = {"statistic": "prediction-powered", "condition": each.condition}
        said = share(own, "value", of=True)
        about = "" if each.agent is None else f", {names.agent(each.agent)}"
        rows.append(
            (
                corpus.named(each.judge),
                f"{each.question}{about}",
                names.condition(each.condition),
                n_of(said),
                said,
                from_estimate(each.by_error, own, how, percent=True, places=0),
                from_estimate(each.by_people, everyone, powered, percent=True, places=0),
            )
        )
    if not rows:
        return []
    return [
        ReportTable(
            "corrected-rates",
            "How often judges say yes, corrected for their errors",
            ("judge", "question", "condition", "n", "said", "by its error", "by people"),
            tuple(rows),
            words=3,
            caption=(
                "Of the third party's answers. By its error: sensitivity and specificity where the record "
                "tells the truth, in any dialogue of this report (Rogan and Gladen 1978), their own "
                "uncertainty included. By people: what people said of a part, and the judge of all "
                "(prediction-powered). –: not known well enough.",
            ),
        )
    ]
