"""All tables of a run, from one reading of its dialogues and one of its judgements."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from negosim.measures._dialogues import DialogueTable
from negosim.measures._judged import BeliefTable, judged_of
from negosim.measures._moves import OfferTable, TacticTable
from negosim.measures._read import headings, spoken
from negosim.store import Run

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class RunTables:
    """The tables of a run, as the functions named for them return them."""

    dialogues: "pd.DataFrame"
    """Of `dialogue_rows`."""
    tactics: "pd.DataFrame"
    """Of `tactic_rows`."""
    offers: "pd.DataFrame"
    """Of `offer_rows`."""
    judged: "pd.DataFrame"
    """Of `judged_rows`, without the columns `reason` and `evidence`, which take most of the memory."""
    beliefs: "pd.DataFrame"
    """Of `belief_rows`."""


def run_tables(run: Run) -> RunTables:
    """Read a run once and return what can be counted of it.

    Args:
        run: the run.

    Returns:
        Its tables.

    Raises:
        UserError: a line of the run is broken.

    Examples:
        >>> import negosim
        >>> from negosim.measures import run_tables
        >>> tables = run_tables(negosim.Run.open("my-run"))
        >>> len(tables.dialogues) == len(tables.dialogues["id"].unique())
        True

    """
    judgements = run.judgement_frame(texts=False)
    dialogues, tactics, offers = DialogueTable(run), TacticTable(run), OfferTable(run)
    beliefs = BeliefTable(run, judgements)
    for dialogue in spoken(run):
        for table in (dialogues, tactics, offers, beliefs):
            table.add(dialogue)
    frame = dialogues.frame()
    headers = frame.rename(columns={"id": "dialogue"})[headings(run)]
    judged = judged_of(run, judgements, headers)
    return RunTables(frame, tactics.frame(), offers.frame(), judged, beliefs.frame())
