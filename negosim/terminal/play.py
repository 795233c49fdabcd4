"""A seat in the terminal: brief and points on paper, so to speak, then one line after the other."""

from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console

from negosim._text import one_line, points
from negosim.agents import (
    BELIEF_LIMIT,
    BELIEF_SHARE,
    SAID_ANYWAY,
    Speech,
    can_give_floor_to,
    can_tell_aside,
)
from negosim.engine import DialogueFinished, DialogueStarted, Event, TurnFinished
from negosim.records import Aside, Utterance
from negosim.scenarios import Answer, Deal, Issue, Measure, Value, belief_from
from negosim.table import Table, opening_table
from negosim.terminal.console import print_view
from negosim.terminal.lens import Lens
from negosim.terminal.outcome import outcome_view
from negosim.terminal.transcript import turn_view
from negosim.views import View

HELP = (
    "a line is what you say; /offer, /accept and /leave are moves, /brief shows your side, "
    "/points your points"
)

ASIDE_HELP = "/aside NAME[, NAME]: WORDS goes to them alone, with what you say next"

Ask = Callable[[str], str]
"""Shows a prompt and returns what was typed; raises EOFError at the end of the input."""


class TerminalSeat:
    """The seat of a person in the terminal.

    Args:
        console: where to show things.
        role: position of the person's role.
        ask: how a line is asked for.

    """

    def __init__(self, console: Console, role: int, ask: Ask = input) -> None:
        self._console, self._role, self._ask = console, role, ask
        self._greeted = False
        self._tables: dict[str, Table] = {}

    def watch(self, event: Event) -> None:
        """Show what happens, as the person may see it."""
        lens = Lens(frozenset({self._role}), thoughts=False)
        if isinstance(event, DialogueStarted):
            self._tables[event.dialogue] = opening_table(event.scenario)
        elif isinstance(event, TurnFinished):
            before = self._tables[event.dialogue]
            self._tables[event.dialogue] = event.table
            print_view(self._console, turn_view(event.scenario, event.turn, before, event.table, lens))
        elif isinstance(event, DialogueFinished):
            print_view(self._console, outcome_view(event.dialogue, event.scenario, lens))

    async def speak(self, view: View) -> Speech:
        """Ask for the next utterance until there is one within the rules, and for what goes with it."""
        if not self._greeted:
            self._greeted = True
            self._show_brief(view)
            self._say(HELP)
            if can_tell_aside(view):
                self._say(ASIDE_HELP)
        asides: list[Aside] = []
        while True:
            typed = self._line("you> ")
            try:
                if typed.startswith("/aside"):
                    asides.append(self._aside(view, typed.removeprefix("/aside").strip()))
                elif (said := self._understood(view, typed)) is not None:
                    return Speech(said, asides=tuple(asides), floor=self._floor(view))
            except ValueError as error:
                self._say(str(error))

    def _aside(self, view: View, typed: str) -> Aside:
        """Read a side message: names, a colon, words."""
        names, _, words = typed.partition(":")
        if not words.strip():
            raise ValueError(ASIDE_HELP)
        to = sorted({self._named(view, name, can_tell_aside(view)) for name in names.split(",")})
        self._say(f"that will go to {' and '.join(view.side.roles[role].name for role in to)} alone")
        return Aside(to=tuple(to), text=words.strip())

    def _floor(self, view: View) -> int | None:
        """Ask who speaks next, where that is for the person to say."""
        there = can_give_floor_to(view)
        while there:
            typed = self._line("who speaks next? (Enter: who has been silent longest)> ")
            if not typed:
                return None
            try:
                return self._named(view, typed, there)
            except ValueError as error:
                self._say(str(error))
        return None

    def _named(self, view: View, typed: str, there: Sequence[int]) -> int:
        """Return the one role that a name, a part of one or an id means."""
        roles, word = view.side.roles, typed.strip().casefold()
        exact = [role for role in there if word in (roles[role].id.casefold(), roles[role].name.casefold())]
        found = exact or [role for role in there if word and word in roles[role].name.casefold().split()]
        if len(found) != 1:
            known = ", ".join(f"{roles[role].id} ({roles[role].name})" for role in there) or "nobody"
            raise ValueError(f"{typed.strip()!r} is not one of those who can be meant: {known}")
        return found[0]

    async def answer(self, view: View, measure: Measure) -> Answer | None:
        """Ask a private question until there is an answer."""
        self._say(f"A question to you alone: {measure.question}")
        if measure.answer == "belief":
            return self._belief(view)
        wanted = "yes or no" if measure.answer == "yes_no" else measure.wanted
        while True:
            typed = self._line(f"({one_line(wanted)})> ")
            try:
                return measure.parse(_typed(measure, typed))
            except ValueError as error:
                self._say(str(error))

    def _belief(self, view: View) -> Answer:
        """Ask for a belief about another role, part by part, until it is one."""
        while True:
            limit = self._line(f"{BELIEF_LIMIT} (0 to 100)> ")
            points = {
                issue.id: self._line(f"{BELIEF_SHARE} {one_line(issue.name)} (points)> ")
                for issue in view.side.issues
            }
            try:
                return belief_from(limit, points)
            except ValueError as error:
                self._say(str(error))

    def _understood(self, view: View, typed: str) -> Utterance | None:
        """Return what a line says; None where it asked for something to be shown."""
        command, _, words = typed.partition(" ")
        if command == "/brief":
            self._show_brief(view)
            return None
        if command == "/points":
            self._show_points(view)
            return None
        if not typed.startswith("/"):
            if not typed:
                raise ValueError(HELP)
            return Utterance(text=typed)
        action = {"/offer": "offer", "/accept": "accept", "/leave": "walk_away"}.get(command)
        if action is None:
            raise ValueError(HELP)
        if action not in view.table.moves(view.side.index):
            raise ValueError(f"{command} cannot be used now")
        offer = self._offer(view) if action == "offer" else None
        if action == "accept":
            open_offer = view.table.acceptable_by(view.side.index) or {}
            self._say(f"their offer: {one_line(view.side.describe(open_offer))}{_worth(view, open_offer)}")
        if action != "offer" and self._line("sure? (yes or no)> ").casefold() not in ("y", "yes"):
            return None
        checked = view.table.check(view.side.index, action, offer, view.side.issues)
        made: Any = action
        return Utterance(text=words.strip() or SAID_ANYWAY[action], action=made, offer=checked)

    def _offer(self, view: View) -> dict[str, Value]:
        """Ask for the value of every issue, with the points so far."""
        table = view.table
        standing = {**table.settled, **(table.standing or {})}
        offer: dict[str, Value] = {}
        for issue in view.side.issues:
            self._show_issue(view, issue)
            given = self._value(issue, standing.get(issue.id))
            if given is not None:
                offer[issue.id] = given
        self._say(f"your offer: {one_line(view.side.describe(offer))}{_worth(view, offer)}")
        if self._line("say it? (yes)> ").casefold() not in ("", "y", "yes"):
            raise ValueError("no offer was made")
        return offer

    def _value(self, issue: Issue, now: Value | None) -> Value | None:
        kept = "leave open" if now is None else issue.label(now)
        while True:
            typed = self._line(f"  {one_line(issue.name)} (Enter: {one_line(kept)})> ")
            if not typed:
                return now
            try:
                return issue.parse(typed)
            except ValueError as error:
                self._say(str(error))

    def _show_brief(self, view: View) -> None:
        role, side = view.side.role, view.side
        self._say(f"You are {role.name}, {role.position}. {side.context}")
        self._say(f"In confidence: {role.brief}")
        for line in (*role.interests, role.alternative, *role.secrets, role.deceptive_brief):
            if line:
                self._say(f"- {line}")
        if side.issues:
            payoff = role.payoff
            self._say(
                f"No deal is worth {points(payoff.reservation)}; your target is {points(payoff.target)}."
            )

    def _show_points(self, view: View) -> None:
        for issue in view.side.issues:
            self._show_issue(view, issue)

    def _show_issue(self, view: View, issue: Issue) -> None:
        payoff = view.side.role.payoff
        values = issue.values if len(issue.values) < 12 else (issue.values[0], issue.values[-1])
        worth = [f"{issue.label(value)}: {points(payoff.points(issue, value))}" for value in values]
        self._say(f"{issue.name} ({issue.wanted}), in points: {'; '.join(worth)}")

    def _line(self, prompt: str) -> str:
        return self._ask(prompt).strip()

    def _say(self, text: str) -> None:
        self._console.print(one_line(text), markup=False, highlight=False)


def _worth(view: View, offer: Deal) -> str:
    if len(offer) < len(view.side.issues):
        return " (issues are left open)"
    return f", worth {points(view.side.value(offer))} to you"


def _typed(measure: Measure, typed: str) -> object:
    if measure.answer == "yes_no":
        return {"yes": True, "y": True, "no": False, "n": False}.get(typed.casefold(), typed)
    return int(typed) if measure.answer == "scale" and typed.lstrip("-").isdecimal() else typed
