"""A report from runs: the title page and every section in order."""

import hashlib
from collections.abc import Iterator, Sequence

import orjson

from negosim._text import money
from negosim.measures import Scope
from negosim.records import SIMULATED
from negosim.reports._corpus import ORACLE, Corpus, cap_of
from negosim.reports._model import Cell, Name, Number, Prose, Report, ReportTable, Row
from negosim.reports._numbers import COUNT, distinct_of, total
from negosim.reports._pooling import differing, notice, pooled
from negosim.reports._sentences import listing
from negosim.reports.sections import OF_NOTHING, SECTIONS
from negosim.reports.sections import _names as names
from negosim.store import Run

ALL_SIMULATED = (
    "Simulated, no language model: every role was played by negosim's embedded negotiator (sim). The "
    "numbers show how the instruments work; they say nothing about how language models or people "
    "negotiate."
)
PARTLY_SIMULATED = (
    "Some roles were played by negosim's embedded negotiator (sim), which is no language model. What is "
    "said of those dialogues says nothing about how language models or people negotiate."
)


def report_on(runs: Sequence[Run], *, scope: Scope = "auto", primary: Sequence[str] = ()) -> Report:
    """Measure runs and put the report together.

    Args:
        runs: what is reported on, together.
        scope: what intervals are about, as in `negosim.measures.estimate`.
        primary: the primary outcomes, where they are not those that the runs declare.

    Returns:
        The report, to be shown or written (`write_pdf`, `write_parts`).

    Raises:
        UserError: the runs do not go together, or one has a broken line.

    Examples:
        >>> import negosim
        >>> from negosim.reports import report_on
        >>> report = report_on([negosim.Run.open("my-run")])

    """
    corpus = Corpus(runs, scope=scope, primary=primary).read()
    differences = differing(corpus)
    made = [pooled(make(corpus), differences) for make in (SECTIONS if len(corpus.complete) else OF_NOTHING)]
    return Report(
        title="Negotiation report",
        subtitle=", ".join(corpus.names),
        created=max(run.header.created for run in runs),
        footer=footer_of(corpus),
        facts=facts_of(corpus),
        notices=(*notices_of(corpus), *filter(None, [notice(differences)])),
        sections=tuple(section for section in made if section.blocks),
    )


def footer_of(corpus: Corpus) -> str:
    """Return what stands on every page: which runs, and their fingerprints."""
    prints = ", ".join(map(fingerprint, corpus.runs))
    return f"{_shortened(', '.join(corpus.names))} · fingerprint {_shortened(prints, 40)}"


def fingerprint(run: Run) -> str:
    """Return a short hash of everything a run's dialogues depend on."""
    header = run.header
    content = {
        "fingerprint": header.fingerprint.model_dump(mode="json"),
        "config": header.config.model_dump(mode="json"),
    }
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]


def notices_of(corpus: Corpus) -> Iterator[Prose]:
    """Yield what a reader must know before any number."""
    models = {model for run in corpus.runs for model in run.config.models}
    if models == {SIMULATED}:
        yield (ALL_SIMULATED,)
    elif SIMULATED in models:
        yield (PARTLY_SIMULATED,)
    planned = sum(run.header.planned for run in corpus.runs)
    if len(corpus.dialogues) < planned:
        stored = _stored(corpus)
        yield (
            "The report is about a part: ",
            stored,
            " are stored; the runs are still being made or were stopped.",
        )
    yield from _of_several_settings(corpus)


def _of_several_settings(corpus: Corpus) -> Iterator[Prose]:
    """Yield which judges have answered the same questions under different settings or prompts."""
    for judge in corpus.judges:
        answered = corpus.judged.only(judge=judge).frame
        for questions in sorted(answered["questions"].unique()):
            prints = sorted(answered.loc[answered["questions"] == questions, "fingerprint"].unique())
            if len(prints) > 1:
                yield (
                    corpus.named(judge),
                    f" answered {questions} under different settings or prompts (fingerprints "
                    f"{listing(prints)}; judges.json says what they are). Its answers are taken together "
                    "here; agreement between judges counts each fingerprint as a judge of its own.",
                )


def facts_of(corpus: Corpus) -> ReportTable:
    """Return what was run, by whom it was judged, what failed and what it cost."""
    rows: list[Row] = [
        row
        for run, name in zip(corpus.runs, corpus.names, strict=True)
        for row in _run_facts(corpus, run, name, several=len(corpus.runs) > 1)
    ]
    rows += [
        ("scenarios", f"{len(corpus.scenario_ids)}: {', '.join(corpus.scenario_ids)}"),
        ("conditions", "; ".join(map(names.condition, corpus.conditions)) or "none"),
        ("dialogues", _stored(corpus)),
        ("failed", _failed(corpus)),
        *_judges(corpus),
        ("money, making", total(corpus.dialogues, "usd", money)),
        ("money, judging", total(corpus.judged, "usd", money)),
    ]
    return ReportTable("facts", "What was run", ("fact", "value"), tuple(rows), words=1)


def _run_facts(corpus: Corpus, run: Run, name: str, *, several: bool) -> Iterator[tuple[str, Cell]]:
    config, imported = run.config, run.header.imported
    versions = run.header.fingerprint.versions
    prefix = f"{name}: " if several else ""
    most = cap_of(run)
    cap = f"at most {most} utterances" if most else "unrestricted length"
    made = run.header.created[:16].replace("T", " ")
    what = "made" if imported is None else "imported"
    yield f"{prefix}{what}", f"{made} UTC with negosim {versions.get('negosim', 'unknown')}"
    yield f"{prefix}fingerprint", fingerprint(run)
    yield f"{prefix}models", " and ".join(names.model(model) for model in config.models)
    if imported is not None:
        yield f"{prefix}source", f"{imported.title} ({imported.licence or 'licence not given'})"
        left = sum(imported.left_out.values())
        yield f"{prefix}left out", f"{left:,} rows or dialogues; imported in run.json has the reasons"
        return
    yield (
        f"{prefix}play",
        f"planner {config.planner}, objective {config.objective}, {cap}, seed {config.seed}",
    )


def _stored(corpus: Corpus) -> Number:
    planned = sum(run.header.planned for run in corpus.runs)
    stored = len(corpus.dialogues)
    rows = corpus.dialogues.rows
    return Number(f"{stored:,} of {planned:,} planned dialogues", stored, stored, rows, how=COUNT)


def _failed(corpus: Corpus) -> Number:
    failed = corpus.dialogues.only(status="failed")
    return Number(
        f"{len(failed):,} of {len(corpus.dialogues):,}", len(failed), len(failed), failed.rows, how=COUNT
    )


def _judges(corpus: Corpus) -> Iterator[tuple[Cell, Cell]]:
    for judge in sorted(corpus.judged.frame["judge"].unique()):
        own = corpus.judged.only(judge=judge)
        dialogues = int(own.frame["dialogue"].nunique())
        shown = f"{dialogues:,} dialogues, {len(own):,} answers"
        what = "judge" if judge in (ORACLE, *corpus.judges) else "beliefs of"
        who = Name.joined(what, corpus.named(judge), between=" ")
        yield who, Number(shown, dialogues, len(own), own.rows, how=distinct_of("dialogue"))
    if not len(corpus.judged):
        yield "judges", "none yet"


def _shortened(words: str, most: int = 60) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"
