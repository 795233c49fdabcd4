"""Moves in words and numbers: what an utterance does at the table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from negosim._text import one_line, plural, points
from negosim.records import Dialogue, Turn
from negosim.scenarios import Scenario, Value
from negosim.table import Table, opening_table
from negosim.terminal.lens import Lens

VERBS = {"offer": "offers", "accept": "accepts", "walk_away": "walks away"}
GOES = "ends the conversation"
"""What it is to leave where there is no deal to walk away from."""


@dataclass(frozen=True)
class Move:
    """The move of one utterance."""

    verb: str
    terms: dict[str, Value]
    """The values offered or accepted, by issue; empty for a walk-away."""
    complete: bool
    """Whether the terms, with what was settled before, settle every issue."""
    settles: bool
    """Whether the negotiation has a deal after it."""

    def describe(self, scenario: Scenario) -> str:
        """Write the terms in one line."""
        if not self.terms:
            return ""
        open_issues = len(scenario.issues) - len(self.terms)
        partial = "" if self.complete else f" ({open_issues} of {len(scenario.issues)} issues left open)"
        return one_line(scenario.describe(self.terms)) + partial

    def worth(self, scenario: Scenario, roles: Sequence[int]) -> list[tuple[int, str]]:
        """Return what the terms are worth to each of `roles`, in points, where they are complete."""
        if not self.complete or not scenario.has_deals:
            return []
        return [(role, points(scenario.value(role, self.terms))) for role in roles]


def move_of(turn: Turn, before: Table, after: Table) -> Move | None:
    """Return what a turn does at the table, None where it only talks."""
    utterance = turn.utterance
    if utterance.action == "talk":
        return None
    terms: dict[str, Value] = {}
    if utterance.action == "offer":
        terms = {**before.settled, **(utterance.offer or {})}
    elif utterance.action == "accept":
        terms = before.acceptable_by(turn.role) or {}
    complete = bool(terms) and all(issue in terms for issue in before.issues)
    settles = after.deal is not None and (utterance.action != "accept" or before.settles(turn.role))
    verb = VERBS[utterance.action] if before.issues or utterance.action != "walk_away" else GOES
    return Move(verb, terms, complete, settles)


def replay(dialogue: Dialogue, scenario: Scenario) -> Iterator[tuple[Turn, Table, Table]]:
    """Yield each turn of a stored dialogue with the table before and after it."""
    table = opening_table(scenario)
    for turn in dialogue.turns:
        after = table.after(turn.role, turn.utterance)
        yield turn, table, after
        table = after


def heard_asides(scenario: Scenario, turn: Turn, lens: Lens) -> Iterator[tuple[str, str]]:
    """Yield the side messages of a turn that the lens may show: whom each is for, and its words."""
    for aside in turn.asides:
        if lens.truth or lens.private & {turn.role, *aside.to}:
            listeners = " and ".join(scenario.roles[role].name for role in aside.to)
            yield f"to {one_line(listeners)} alone", aside.text


def given_floor(scenario: Scenario, turn: Turn) -> str | None:
    """Say whom a turn gives the floor to, where the chair spoke."""
    return None if turn.floor is None else one_line(scenario.roles[turn.floor].name)


VERDICTS = {
    "agreement": "AGREEMENT",
    "no_agreement": "NO AGREEMENT",
    "abandoned": "ABANDONED (over with issues open)",
    "unknown": "UNKNOWN (no usable offer was made)",
    "not_applicable": "FINISHED",
}

ENDS = {
    "concluded": "all roles said the conversation was over",
    "walk_away": "one side walked away",
    "left": "one side ended it",
    "max_turns": "the cap on utterances was reached",
    "safety_stop": "the safety stop of the unrestricted mode was reached",
    "failed": "the dialogue failed",
    "ended": "the record ends here",
}


def verdict(dialogue: Dialogue) -> str:
    """Say in a few words what came of a dialogue."""
    if dialogue.status == "failed":
        return "FAILED"
    return VERDICTS[dialogue.outcome.status]


def ending(dialogue: Dialogue, scenario: Scenario, lens: Lens) -> str:
    """Say where and why a dialogue ended, as the clause that follows the verdict.

    What was wrong with a role's answer is told only where the role's private side is shown.
    """
    failure = dialogue.failure
    if failure is None:
        end = dialogue.end if scenario.has_deals or dialogue.end != "walk_away" else "left"
        return f"after {plural(len(dialogue.turns), 'utterance')}: {ENDS[end]}"
    who = "" if failure.role is None else f"{one_line(scenario.roles[failure.role].name)}, "
    place = f"at utterance {failure.turn + 1} ({who}stage {failure.stage})"
    shown = lens.truth or failure.role in lens.private
    return f"{place}: {failure.error}{': ' + one_line(failure.message) if shown else ''}"
