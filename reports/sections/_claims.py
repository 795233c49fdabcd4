"""Lies: claims about a speaker's own situation, held against its brief and payoff."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, get_args

from negosim.measures import KNOWN_ERRORS, CheckError, ClaimSource, corrected, utterance_error
from negosim.records import SIMULATED, TRUTH, Status
from negosim.reports import _commands
from negosim.reports._corpus import Corpus, Sample
from negosim.reports._model import Block, Missing, Number, Prose, ReportTable, Row, Section
from negosim.reports._numbers import bare, count, estimate_of, from_estimate, part_of, share
from negosim.reports._sentences import joined
from negosim.reports.sections import _names as names

if TYPE_CHECKING:
    import pandas as pd

TITLE = "Claims held against the truth"
VERDICTS = ("true", "false", "misleading", "unverifiable")
UNDECIDED = "unverifiable"
FLAGS, VERDICTS_OF_THE_CHECK = get_args(ClaimSource)
RATES = ("undecided", "false of decided", "false of all")
MENDED = (
    " Corrected is the share of all after Rogan and Gladen, where the check's error is known whatever the "
    "judge: for limits and priorities, given that the judge listed them rightly."
)
MENDED_UTTERANCES = (
    " Corrected is the share of all after Rogan and Gladen, by the judge's error on the utterances of these "
    "runs whose truth the record knows, where there are enough."
)
DECIDED = [verdict for verdict in VERDICTS if verdict != UNDECIDED]
DETAILS = SUBJECT, TECHNIQUE = "detail.subject", "detail.technique"
STATUSES: tuple[Status, ...] = get_args(Status)


def section(corpus: Corpus) -> Section:
    """Return which claims were true, by condition and agent, and how false ones were made."""
    claims = corpus.judged.only(question="claim", status="ok")
    if not len(claims):
        return Section("claims", TITLE, (Missing("No claims have been checked.", _command(corpus)),))
    blocks: list[Block] = []
    tables = [_verdicts(corpus, claims, voice) for voice in corpus.voices("claim")]
    for voice, table in zip(corpus.voices("claim"), tables, strict=True):
        blocks += [_lead(corpus, claims, voice), table, _subjects(corpus, claims, voice, table.key)]
        turns = _utterances(corpus, voice, table.key)
        blocks += [turns] if turns.rows else []
        techniques = _techniques(claims, voice, table.key)
        blocks += [techniques] if techniques.rows else []
    brief, *more = (_brief(corpus, claims, voice) for voice in corpus.voices("claim"))
    return Section("claims", TITLE, tuple(blocks), brief=brief, more=tuple(more))


def _command(corpus: Corpus) -> str:
    """Return the command that checks claims: the oracle knows those of the simulated negotiator alone."""
    if corpus.deal_ids and any(SIMULATED in run.config.models for run in corpus.runs):
        return _commands.judge(corpus, "--judge-model oracle", "--questions claims")
    return _commands.ask_model(corpus, "claims")


def _detailed(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return claims with what they are about and how they mislead, which stand in their detail."""
    details = frame["detail"]
    taken = {name: details.map(lambda detail, key=name: detail.get(key.split(".")[1])) for name in DETAILS}
    return frame.assign(**taken)


def _of(claims: Sample, voice: tuple[str, str]) -> Sample:
    return claims.only(perspective=voice[0], judge=voice[1])


def _source(corpus: Corpus, voice: tuple[str, str]) -> str:
    """Return whose verdicts they are; the perspective is said of a judge that has several."""
    if voice[0] == TRUTH:
        return "in the record"
    several = sum(judge == voice[1] for _, judge in corpus.voices("claim")) > 1
    return f"by {corpus.named(voice[1])}" + (f", {names.perspective(voice[0])}" if several else "")


def _about(voice: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    source = FLAGS if voice[0] == TRUTH else VERDICTS_OF_THE_CHECK
    return ("source", source), ("perspective", names.perspective(voice[0])), ("judge", voice[1])


def _lead(corpus: Corpus, claims: Sample, voice: tuple[str, str]) -> Prose:
    own = _of(claims, voice)
    said: list[Prose] = [("Of the ", count(own), f" claims found {_source(corpus, voice)} ")]
    for deceptive, words in ((True, "of agents that may lie"), (False, "of honest agents")):
        part = own.only(deceptive=deceptive)
        if len(part):
            between = " and " if len(said) > 1 else ""
            said.append((between, bare(share(part, "value", of="false")), f" of those {words} are false"))
    return (*joined(said, ""), ".")


def _brief(corpus: Corpus, claims: Sample, voice: tuple[str, str]) -> ReportTable:
    """Return the rates of false claims, in what a narrow table has room for."""
    rows: list[Row] = []
    for name in corpus.conditions:
        for agent in range(corpus.agents):
            part = _of(claims, voice).only(condition=name, agent=agent)
            rows.append((names.condition(name), names.agent(agent), count(part), *map(bare, _rates(part))))
    return ReportTable(
        "claims-brief",
        f"False claims, {_source(corpus, voice)}",
        ("condition", "speaker", "claims", *RATES),
        tuple(rows),
        words=2,
        caption=(_judged_how(corpus, voice),),
        about=_about(voice),
    )


def _rates(part: Sample) -> tuple[Number, Number, Number]:
    """Return the shares `RATES` of claims."""
    decided = part.only(value=DECIDED)
    return (
        share(part, "value", of=UNDECIDED),
        share(decided, "value", of="false"),
        share(part, "value", of="false"),
    )


def _verdicts(corpus: Corpus, claims: Sample, voice: tuple[str, str]) -> ReportTable:
    rows: list[Row] = []
    for name in corpus.conditions:
        for agent in range(corpus.agents):
            part = _of(claims, voice).only(condition=name, agent=agent)
            shares = [share(part, "value", of=verdict) for verdict in VERDICTS]
            rows.append((names.condition(name), names.agent(agent), count(part), *shares))
    place = corpus.voices("claim").index(voice) + 1
    return ReportTable(
        "claims" if place == 1 else f"claims-{place}",
        f"Claims by what they are worth, {_source(corpus, voice)}",
        ("condition", "speaker", "claims", *VERDICTS),
        tuple(rows),
        words=2,
        caption=(_judged_how(corpus, voice), " Shares are of all claims, the unverifiable ones among them."),
        about=_about(voice),
    )


def _judged_how(corpus: Corpus, voice: tuple[str, str]) -> str:
    """Say what the verdicts are: the record's own flags are never mixed with those of the lie check."""
    if voice[0] == TRUTH:
        return "Simulated negotiators' own flags of what they said, true or false; no check was made."
    return (
        f"Verdicts of the lie check on the claims that {corpus.named(voice[1])} listed, held against the "
        "speaker's brief and payoff."
    )


def _subjects(corpus: Corpus, claims: Sample, voice: tuple[str, str], key: str) -> ReportTable:
    """Return the rate of false claims by subject: of the decided ones and of all, with what is undecided."""
    own = _of(claims, voice)
    own = own.having(_detailed(own.frame))
    rows: list[Row] = []
    for subject in (*sorted(own.frame[SUBJECT].dropna().unique()), None):
        part = own if subject is None else own.only(**{SUBJECT: subject})
        rates = *_rates(part), *_mended(part, "false", voice, KNOWN_ERRORS.get(str(subject)))
        rows.append((subject or "all", count(part), *rates))
    return ReportTable(
        f"{key}-subjects",
        f"False claims by what they are about, {_source(corpus, voice)}",
        ("about", "claims", *RATES, *_mending(voice)),
        tuple(rows),
        words=1,
        caption=(_judged_how(corpus, voice), *([MENDED] if _mending(voice) else [])),
        about=_about(voice),
    )


def _utterances(corpus: Corpus, voice: tuple[str, str], key: str) -> ReportTable:
    """Return the rate of utterances with a false claim, of those decided and of all that were read."""
    asked = corpus.judged.only(question="false-claim", perspective=voice[0], judge=voice[1])
    error = utterance_error(corpus.judged.frame, voice[1], voice[0]) if _mending(voice) else None
    rows: list[Row] = []
    for name in corpus.conditions:
        for agent in range(corpus.agents):
            part = asked.only(condition=name, agent=agent)
            if len(part):
                rates = (
                    share(part, "status", of=[status for status in STATUSES if status != "ok"]),
                    share(part.only(status="ok"), "value"),
                    share(part, "value", of=True),
                    *_mended(part, True, voice, error),
                )
                rows.append((names.condition(name), names.agent(agent), count(part), *rates))
    return ReportTable(
        f"{key}-utterances",
        f"Utterances with a false claim, {_source(corpus, voice)}",
        ("condition", "speaker", "utterances", *RATES, *_mending(voice)),
        tuple(rows),
        words=2,
        caption=(
            _judged_how(corpus, voice),
            " Undecided: a claim in it cannot be verified, or could not be listed.",
            *([MENDED_UTTERANCES] if _mending(voice) else []),
        ),
        about=_about(voice),
    )


def _mending(voice: tuple[str, str]) -> tuple[str, ...]:
    """Return the heading of the corrected share; the record's own flags need no correction."""
    return () if voice[0] == TRUTH else ("corrected",)


def _mended(
    part: Sample, verdict: Any, voice: tuple[str, str], error: CheckError | None
) -> tuple[Number, ...]:
    """Return the share of all corrected for the check's error, where there is a column for it."""
    if not _mending(voice):
        return ()
    found = corrected(estimate_of(part, "value", [verdict]), error)
    known = None if error is None else asdict(error)
    how = {"statistic": "corrected share", "column": "value", "of": [verdict], "error": known}
    return (from_estimate(found, part, how, percent=True, places=0),)


def _techniques(claims: Sample, voice: tuple[str, str], key: str) -> ReportTable:
    false = _of(claims, voice).only(value="false")
    false = false.having(_detailed(false.frame))
    rows: list[Row] = []
    kinds = false.frame[[SUBJECT, TECHNIQUE]].drop_duplicates().dropna().astype(str)
    for subject, technique in kinds.itertuples(index=False):
        same = {SUBJECT: subject, TECHNIQUE: technique}
        rows.append((subject, technique, count(false.only(**same)), part_of(false, **same)))
    rows.sort(key=_most_first)
    columns = ("about", "technique", "false claims", "share of false claims")
    title = "What false claims are about"
    return ReportTable(f"{key}-false", title, columns, tuple(rows), words=2, about=_about(voice))


def _most_first(row: Row) -> tuple[int, str, str]:
    found = row[2]
    return -(found.n if isinstance(found, Number) else 0), str(row[0]), str(row[1])
