"""An evaluation as tables: for the terminal, a CSV file and a PDF."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from negosim._csv import csv_text
from negosim._files import write_whole
from negosim.agents.users import user_role
from negosim.rewards import reward_words
from negosim.rl.evaluation._measure import FLUENCY, Evaluation, Result

if TYPE_CHECKING:
    from negosim.measures import Estimate
    from negosim.reports import Number, Report, ReportTable

HEADINGS = {
    "words_per_turn": "words a turn",
    "distinct_1": "distinct-1",
    "distinct_2": "distinct-2",
    "repetition": "repetition",
}

SIMULATED_USERS = (
    "The users are simulated: none of them is a person. What earns reward here need not work on anyone else."
)


def evaluation_tables(evaluation: Evaluation) -> list["ReportTable"]:
    """Return the tables of an evaluation: reward, by user, differences, language, tactics."""
    made = [_rewards(evaluation)]
    if len(evaluation.personas) > 1:
        made.append(_by_user(evaluation))
    if evaluation.scenario.has_deals:
        made.append(_agreement(evaluation))
    if any(result.difference is not None for result in evaluation.results):
        made.append(_differences(evaluation))
    return [*made, _language(evaluation), _tactics(evaluation)]


def evaluation_report(evaluation: Evaluation, *, created: str) -> "Report":
    """Return an evaluation as a report, for `negosim.reports.write_pdf`; `created` is its date, ISO 8601."""
    from negosim.reports import Report, ReportTable, Section

    scenario = evaluation.scenario
    facts = ReportTable(
        "facts",
        "What was done",
        ("", ""),
        (
            ("Scenario", scenario.title),
            ("Reward", reward_words(scenario, evaluation.learner)),
            ("With", ", ".join(evaluation.personas)),
            ("Dialogues an agent", f"{evaluation.dialogues:,}"),
            ("Seed", str(evaluation.seed)),
        ),
        words=2,
    )
    *rewards, language, tactics = evaluation_tables(evaluation)
    notes = [(note,) for note in notes_of(evaluation)]
    return Report(
        title="Evaluation",
        subtitle=", ".join(result.name for result in evaluation.results),
        created=created,
        footer=f"{scenario.id} · seed {evaluation.seed} · {evaluation.dialogues:,} dialogues an agent",
        facts=facts,
        notices=((SIMULATED_USERS,),) if user_role(scenario) is not None else (),
        sections=(
            Section("reward", "What was earned", (*rewards, *notes)),
            Section("behaviour", "How it was earned", (language, tactics)),
        ),
    )


def notes_of(evaluation: Evaluation) -> Iterator[str]:
    """Yield what must be said of single agents: how policies spoke, failures, rewards of other users."""
    for result in evaluation.results:
        if result.decoding is not None:
            yield f"{result.name} spoke with {result.decoding}."
        for reason, count in result.failures.items():
            yield f"{result.name}: {count:,} without a reward, in no mean: {reason}."
        if result.own_rewards:
            yield (
                f"{result.name}: dialogues of a set with the rewards they have there; its users are "
                "others, so nothing is paired with them."
            )


def write_csv(evaluation: Evaluation, path: Path) -> None:
    """Write the numbers unrounded: a row for each agent with all users, and one for each kind of user.

    Raises:
        UserError: the file cannot be written.

    """
    rows = [row for result in evaluation.results for row in _csv_rows(evaluation, result)]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    cells = ([row.get(column) for column in columns] for row in rows)
    write_whole(path, csv_text(columns, cells).encode())


def _csv_rows(evaluation: Evaluation, result: Result) -> Iterator[dict[str, Any]]:
    whole = {
        "agent": result.name,
        "users": "all",
        "decoding": result.decoding or "",
        **_columns("reward", result.reward),
        "failed": sum(result.failures.values()),
        **(_columns("agreement", result.agreement) if result.agreement else {}),
        **_columns("turns", result.turns),
        **{name: cell for each in FLUENCY for name, cell in _columns(each, result.fluency[each]).items()},
    }
    for tactic in _tactic_names(evaluation):
        found = result.tactics.get(tactic)
        whole[f"tactic {tactic}"] = 0.0 if found is None and result.tactics else found and found.value
    if (gap := result.difference) is not None:
        whole |= {
            "difference": gap.value,
            "difference_low": gap.low,
            "difference_high": gap.high,
            "effect": gap.effect,
            "effect_name": gap.effect_name,
            "p": gap.p,
            "p_holm": gap.p_holm,
            "pairs": gap.n if gap.paired else 0,
        }
    yield whole
    for persona, found in result.by_persona.items():
        yield {"agent": result.name, "users": persona, **_columns("reward", found), "failed": found.missing}


def _columns(name: str, found: "Estimate") -> dict[str, Any]:
    cells = {name: found.value, f"{name}_sd": found.sd, f"{name}_low": found.low, f"{name}_high": found.high}
    return {**cells, "n": found.n} if name == "reward" else cells


def _table(name: str, title: str, columns: Sequence[str], rows: Iterable[Any], caption: str) -> "ReportTable":
    from negosim.reports import ReportTable

    return ReportTable(name, title, tuple(columns), tuple(rows), caption=(caption,))


def _rewards(evaluation: Evaluation) -> "ReportTable":
    return _table(
        "reward",
        "Reward",
        ("agent", "mean ± sd", "95 % interval", "dialogues", "failed"),
        (
            (
                result.name,
                _mean_sd(result.reward, result),
                _interval(result.reward),
                f"{result.reward.n:,}",
                f"{sum(result.failures.values()):,}",
            )
            for result in evaluation.results
        ),
        f"{reward_words(evaluation.scenario, evaluation.learner)}.",
    )


def _agreement(evaluation: Evaluation) -> "ReportTable":
    return _table(
        "agreement",
        "Agreement",
        ("agent", "share", "95 % interval"),
        (
            (result.name, _mean_sd(found, result, sd=False), _interval(found))
            for result in evaluation.results
            if (found := result.agreement) is not None
        ),
        "Of dialogues that came to a known outcome.",
    )


def _by_user(evaluation: Evaluation) -> "ReportTable":
    return _table(
        "reward-by-user",
        "Reward by kind of user",
        ("agent", *evaluation.personas),
        (
            (result.name, *(_mean_sd(found, result, kind) for kind, found in result.by_persona.items()))
            for result in evaluation.results
        ),
        "Mean ± sd.",
    )


def _differences(evaluation: Evaluation) -> "ReportTable":
    from negosim.reports import Rows, moved_cells

    first = evaluation.results[0].name
    rows: list[tuple[str | Number, ...]] = []
    for result in evaluation.results:
        if result.difference is not None:
            of = Rows("evaluation", {"agent": [first, result.name]})
            rows.append((result.name, *moved_cells(result.difference, of, {}, 2, [])))
    return _table(
        "differences",
        f"Difference in reward to {first}",
        ("agent", "difference", "effect", "p (Holm)", "n"),
        rows,
        "Paired by user where both met the same; in brackets, 95 % intervals.",
    )


def _language(evaluation: Evaluation) -> "ReportTable":
    return _table(
        "language",
        "Length and language of the agent",
        ("agent", "turns", *HEADINGS.values()),
        (
            (
                result.name,
                _mean_sd(result.turns, result, places=1),
                *(_mean_sd(result.fluency[each], result, sd=False) for each in HEADINGS),
            )
            for result in evaluation.results
        ),
        "Means of dialogues. Distinct-n falls with length; repetition is of 4-grams in a dialogue.",
    )


def _tactics(evaluation: Evaluation) -> "ReportTable":
    from negosim.reports import NOTHING, Rows, from_estimate

    def cell(result: Result, tactic: str) -> "Number | str":
        if tactic not in result.tactics:
            return "0.0 %" if result.tactics else NOTHING
        found = result.tactics[tactic]
        number = from_estimate(
            found,
            Rows("evaluation", {"agent": result.name, "tactic": tactic}),
            {"statistic": "share"},
            percent=True,
            places=1,
        )
        return number if len(evaluation.results) <= 3 else f"{100 * (found.value or 0):.1f} %"

    return _table(
        "tactics",
        "Shares of tactics",
        ("tactic", *(result.name for result in evaluation.results)),
        (
            (tactic, *(cell(result, tactic) for result in evaluation.results))
            for tactic in _tactic_names(evaluation)
        ),
        "Recognised in the text by patterns; docs/rl.md has how often they are right.",
    )


def _tactic_names(evaluation: Evaluation) -> list[str]:
    """Return the tactics anybody used, those used most, over all agents, first."""
    total: dict[str, float] = {}
    for result in evaluation.results:
        for tactic, found in result.tactics.items():
            total[tactic] = total.get(tactic, 0.0) + (found.value or 0.0)
    return sorted(total, key=lambda tactic: (-total[tactic], tactic))


def _mean_sd(
    found: "Estimate", result: Result, users: str = "all", *, places: int = 2, sd: bool = True
) -> "Number":
    from negosim.reports import NOTHING, Number, Rows, written

    rows = Rows("evaluation", {"agent": result.name, "users": users})
    if found.value is None:
        return Number(NOTHING, None, found.n, rows, note=found.note)
    shown = written(found.value, places)
    if sd and found.sd is not None:
        shown += f" ± {written(found.sd, places)}"
    return Number(shown, found.value, found.n, rows, found.low, found.high, found.note)


def _interval(found: "Estimate") -> str:
    from negosim.reports import NOTHING, written

    if found.low is None or found.high is None:
        return NOTHING
    return f"[{written(found.low, 2)}, {written(found.high, 2)}]"
