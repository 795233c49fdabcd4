"""A dialogue as Markdown: what somebody said is a quotation and can be nothing else."""

import re
from collections.abc import Iterator

from negosim.store import Run
from negosim.web.dialogue import DialogueView, TurnView, seen_in

_SPECIAL = re.compile(r"[\\`*_\[\]<>#|~&]")
_LIST = re.compile(r"^(\s*)([-+=]|\d+[.)])", re.MULTILINE)


def dialogue_markdown(run: Run, reference: str, *, view: str = "public") -> str:
    """Return a dialogue as Markdown.

    Args:
        run: the run.
        reference: the dialogue's number or id.
        view: whose eyes.

    Raises:
        UserError: there is no such dialogue or view.

    """
    *_, shown = seen_in(run, reference, view)
    return "\n".join(_lines(shown)) + "\n"


def escaped(text: str) -> str:
    """Return a text that Markdown reads as these very words."""
    return _LIST.sub(r"\1\\\2", _SPECIAL.sub(r"\\\g<0>", text))


def _lines(shown: DialogueView) -> Iterator[str]:
    yield f"# {escaped(shown.title)}"
    yield ""
    yield escaped(shown.summary)
    yield ""
    for role in shown.roles:
        also = f"; traits: {escaped(role.traits)}" if role.traits else ""
        who = f"side {role.position + 1}: {escaped(role.what)} (played by {escaped(role.model)}{also})"
        yield f"- **{escaped(role.name)}**, {who}"
    if shown.condition:
        yield f"- Condition: {escaped(shown.condition)}"
    if shown.id:
        yield f"- Dialogue: {escaped(shown.id)}"
    for turn in shown.turns:
        yield from _turn(turn)
    yield ""
    yield "## Outcome"
    yield ""
    yield f"**{escaped(shown.verdict)}** {escaped(shown.ending)}"
    if shown.deal:
        sides = "".join(f" side {role + 1} |" for role in shown.private)
        yield ""
        yield f"| issue | settled at |{sides}"
        yield f"| --- | --- |{' ---: |' * len(shown.private)}"
        for row in shown.deal:
            worth = "".join(f" {value} |" for value in row.worth)
            yield f"| {escaped(row.issue)} | {escaped(row.settled)} |{worth}"
    yield ""
    yield from (f"- {escaped(line)}" for line in shown.lines)
    if shown.judgements:
        yield ""
        yield "## Judgements"
        yield ""
        yield "| question | about | judge | perspective | answer |"
        yield "| --- | --- | --- | --- | --- |"
        for each in shown.judgements:
            cells = (each.question, each.about, each.judge, each.perspective, each.answer)
            yield f"| {' | '.join(escaped(' '.join(cell.split())) for cell in cells)} |"


def _turn(turn: TurnView) -> Iterator[str]:
    yield ""
    yield f"### {turn.number}. {escaped(turn.name)}"
    yield ""
    if turn.reflection:
        yield f"*Thinks:* {escaped(' '.join(turn.reflection.split()))}"
        yield ""
    for each in turn.candidates:
        mark = "**chosen** " if each.chosen else ""
        sketch = escaped(" ".join(each.utterance.split()))
        yield f"- {mark}{escaped(each.tactic)}, {each.score or 'no score'}: {sketch}"
    if turn.candidates:
        yield ""
    text = "".join(piece.text for piece in turn.pieces)
    yield from (f"> {line}".rstrip() for line in escaped(text).split("\n"))
    for whom, text in turn.asides:
        yield ""
        yield f"*{escaped(whom)}:* {escaped(' '.join(text.split()))}"
    if turn.verb:
        worth = "".join(f", worth {value} to side {role + 1}" for role, value in turn.worth)
        yield ""
        yield f"*{turn.verb}* {escaped(turn.terms)}{worth}".rstrip()
    for words in turn.marks:
        yield ""
        yield f"*marked:* {words}"
    for claim in turn.claims:
        truth = f"; in truth {escaped(claim.actual)}" if claim.actual else ""
        yield ""
        yield f"*{claim.look} claim* ({escaped(claim.subject)}): {escaped(claim.quote)}{truth}"
