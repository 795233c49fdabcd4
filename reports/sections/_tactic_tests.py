"""Tests of how an agent's tactics differ between being honest and being allowed to lie."""

from collections.abc import Iterator
from dataclasses import replace

from negosim.errors import UserError
from negosim.reports._corpus import Corpus, Sample
from negosim.reports._model import Block, ReportTable
from negosim.reports.sections import _names as names
from negosim.reports.sections._contrast import ComparedColumn, contrast_sentence, contrast_table, contrasts
from negosim.taxonomies import load_taxonomy

OF_A_DIALOGUE = ["dialogue", "scenario", "condition", "index"]
CAPTION = (
    "Of each dialogue the share of the agent's utterances with a tactic, among those with a tactic it can "
    "choose in both conditions; means of dialogues. What only an agent that may lie can choose is left out, "
    "as it would lower all other shares. Differences are between matched dialogues where there are pairs (n "
    "counts them); p is corrected for the number of rows."
)


def tested(corpus: Corpus) -> Iterator[Block]:
    """Yield for each agent that may lie a sentence and a table of its tactics against its honest ones."""
    if "honest" not in corpus.conditions:
        return
    for name in corpus.conditions:
        numbers = [number for number in name.removeprefix("deceptive-").split("-") if number.isdigit()]
        for agent in [int(number) - 1 for number in numbers]:
            yield from _against_honest(corpus, name, agent)


def _against_honest(corpus: Corpus, name: str, agent: int) -> Iterator[Block]:
    used = corpus.tactics.only(agent=agent, condition=["honest", name], tactic=open_to_both(corpus))
    if used.frame["condition"].nunique() < 2:
        return
    sample = shares_by_dialogue(used)
    columns = [str(column) for column in sample.frame if str(column).startswith("share of ")]
    order = sorted(columns, key=lambda column: (-sample.frame[column].mean(), column))
    measured = [(ComparedColumn(column, column.removeprefix("share of "), 3), sample) for column in order]
    found = contrasts(measured, "condition", "honest", name)
    who = names.agent(agent)
    title = f"Tactics of {who}, honest against where {names.condition(name)}"
    key = f"tactics-{who.replace(' ', '-')}-{name}"
    where = f"Where {names.condition(name)}, of the tactics of {who}"
    yield contrast_sentence(where, "when it is honest", found)
    table = contrast_table(key, title, ("honest", names.condition(name)), found)
    yield ReportTable(table.key, table.title, ("tactic", *table.columns[1:]), table.rows, caption=(CAPTION,))


def open_to_both(corpus: Corpus) -> list[str]:
    """Return the tactics used that honest agents can choose too: those that no taxonomy calls deceptive.

    Where a run's taxonomy is not at hand, those that honest agents were seen to use.
    """
    frame = corpus.tactics.frame
    lies: set[str] = set()
    unknown = False
    for key in {key for run in corpus.runs for key in run.header.fingerprint.taxonomies}:
        try:
            lies |= {tactic.id for tactic in load_taxonomy(key).tactics if tactic.deceptive}
        except UserError:
            unknown = True
    seen = frame[~frame["deceptive"].astype(bool)] if unknown else frame[~frame["tactic"].isin(lies)]
    return sorted(seen["tactic"].unique())


def shares_by_dialogue(used: Sample) -> Sample:
    """Return one row a dialogue with the share of each tactic, as columns "share of ..."."""
    frame = used.frame
    models = [str(column) for column in frame if str(column).startswith("model_")]
    counts = frame.pivot_table(
        index="dialogue", columns="tactic", values="count", aggfunc="sum", fill_value=0, observed=True
    )
    shares = counts.div(counts.sum(axis=1), axis=0).add_prefix("share of ").reset_index()
    header = frame[[*OF_A_DIALOGUE, *models]].drop_duplicates("dialogue")
    return replace(used, frame=header.merge(shares, on="dialogue"), table="tactic shares")
