"""Runs and dialogues as notebooks show them: public view alone, no brief and no thought."""

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from negosim.speech import visible

if TYPE_CHECKING:
    from negosim.records import Dialogue, Utterance
    from negosim.scenarios import Deal
    from negosim.store import Run


def run_html(run: "Run") -> str:
    """Return a run as HTML: what it is made from, and what its dialogues came to."""
    counted = Counter((one.scenario, one.condition.name, one.outcome.status) for one in run)
    rows = [(*kind, str(count)) for kind, count in sorted(counted.items())]
    played = ", ".join(run.config.models)
    summary = f"{len(run)} of {run.header.planned} dialogues, played by {played}"
    return (
        f"<p><b>{_safe(str(run.path))}</b>: {_safe(summary)}</p>"
        f"{_table(('scenario', 'condition', 'outcome', 'dialogues'), rows)}"
    )


def dialogue_html(dialogue: "Dialogue") -> str:
    """Return a dialogue as HTML: what was said and moved in public, and how it ended."""
    rows = [
        (str(turn.index + 1), f"agent {turn.role + 1}", turn.utterance.text, _move(turn.utterance))
        for turn in dialogue.turns
    ]
    summary = (
        f"condition {dialogue.condition.name}, {', '.join(dialogue.models)}; "
        f"{dialogue.outcome.status.replace('_', ' ')} ({dialogue.end.replace('_', ' ')})"
    )
    if dialogue.outcome.deal:
        summary += f": {_settled(dialogue.outcome.deal)}"
    return f"<p><b>{_safe(dialogue.id)}</b>: {_safe(summary)}</p>{_table(('', '', 'said', 'move'), rows)}"


def _move(utterance: "Utterance") -> str:
    if utterance.offer:
        return _settled(utterance.offer)
    return "" if utterance.action == "talk" else utterance.action.replace("_", " ")


def _settled(package: "Deal") -> str:
    return "; ".join(f"{issue}: {value}" for issue, value in package.items())


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{_safe(name)}</th>" for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{_safe(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _safe(text: str) -> str:
    return escape(visible(text)).replace("\n", "<br>")
