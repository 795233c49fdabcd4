"""Prompts of agents and judges, written from templates.

A call has two messages. The system message is what stays the same for a whole dialogue: the same for all
stages, and longer by the lists of tactics and techniques for those that think and choose among them. The
user message is the transcript in append-only form, where things stand, then the stage's instruction. So
the calls of an agent in a dialogue share their beginning byte for byte, and prefix caches hit.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal, get_args

from negosim.models import Message
from negosim.prompts._packs import pack_places
from negosim.prompts._shown import ShownViews, same_beginning, shown_value
from negosim.prompts._templates import Templates
from negosim.scenarios import Issue, Role
from negosim.views import Audience, OwnTurn, PublicTurn, Side, View

Stage = Literal[
    "reflect",
    "tactics",
    "plan",
    "rollout",
    "think",
    "judge",
    "speak",
    "consolidate",
    "conclude",
    "measure",
]
"""What a model can be asked; each has a template of its name."""

STAGES: tuple[Stage, ...] = get_args(Stage)
PARTS = ("system", "turn", "thought", "state")
"""Templates the stages are built from: the fixed part, a transcript entry, a private thought, the table."""

JUDGING = ("observer", "questions", "claims", "beliefs", "notes", "entailment")
"""Templates of judges: the fixed part for a neutral reader and what is asked; the fixed part for a reader of
one side's notes and what it is asked about a claim."""

USERS = ("user-donor", "user-help-seeker")
"""Templates of briefs: who a chat model is that plays a simulated user, by what the role is simulated as."""

IMAGINED = ("imagine",)
"""Template by which a chat model writes all sides of a dialogue."""

ALL = (*PARTS, *STAGES, *JUDGING, *USERS, *IMAGINED)

UNLISTED = frozenset(
    {"rollout", "judge", "speak", "consolidate", "conclude", "measure", "beliefs", "imagine"}
)
"""Stages that speak, judge or vote by what has been thought already: their fixed part ends before the lists
of tactics, and of the agent's thoughts they get the present turn's alone."""

HEADING = "# The conversation so far\n"
STATE_HEADING = "\n# Where things stand\n"


class Prompts(Templates):
    """The templates in force for one scenario.

    Looked for in `folder`, then in the prompt packs of `NEGOSIM_PATH` and installed packages, then
    among the built-in ones; in each first in a subfolder named like the scenario.
    """

    def __init__(
        self,
        scenario: str,
        folder: str | None = None,
        own: Iterable[str] = (),
        others: Collection[str] = (),
    ) -> None:
        """Find the templates.

        Args:
            scenario: its id.
            folder: of templates, named by the user.
            own: templates that a planner brings besides the built-in ones.
            others: ids of other scenarios that the folder may have templates for.

        Raises:
            UserError: there is no such folder, or it has a template that nothing would use.

        """
        names = (*ALL, *own)
        super().__init__(pack_places(scenario, folder, names, others), names)

    def hash(self, names: Iterable[str] = (*PARTS, *STAGES)) -> str:
        """Return a SHA-256 over templates in force; by default over those of agents."""
        return super().hash(names)

    def lacking(self) -> str:
        """Say what a system.j2 of one's own lacks that the built-in speak.j2 relies on, "" if nothing.

        What a move is stands in the fixed part since both share it; a pack made before has it in neither.
        """
        system = self.source("system.j2")
        if system is None or self._is_built_in("system") or not self._is_built_in("speak"):
            return ""
        if all(f'"{move}"' in self.text(["system"]) for move in ("offer", "accept", "walk_away")):
            return ""
        return (
            f'{system} does not say what the moves "talk", "offer", "accept" and "walk_away" are, on which '
            "the built-in speak.j2 relies: take that part over from the built-in system.j2, or override "
            "speak.j2 too"
        )


class PromptWriter:
    """Writes the prompts of one agent in one dialogue; renders each transcript entry once.

    Templates get all that was said and thought quoted (`negosim.speech`), those of packs too.
    """

    def __init__(self, prompts: Prompts, side: Side) -> None:
        self._prompts = prompts
        self._side = side
        self._base = _vocabulary(side)
        self._systems: dict[bool, Message] = {}
        self._entries: list[tuple[str, str]] = []
        self._entered: list[PublicTurn] = []
        """The turns that the entries are of."""
        self._state: tuple[Any, dict[str, Any]] = (None, {})
        self._latest_thought = (-1, "", "")
        self._shown = ShownViews()

    @property
    def role(self) -> Role:
        """The agent's own role, as prompts tell it."""
        return self._side.role

    def messages(self, stage: str, view: View, **extra: Any) -> tuple[Message, Message]:
        """Return the two messages of a call: the fixed part; the transcript and the stage's instruction."""
        view = self._shown.view(view)
        extra = {name: shown_value(value) for name, value in extra.items()}
        thought = self._thought(view.turn_index, view.reflection) if view.reflection else ""
        instruction = self._prompts.render(stage, {**self._situation(view), "view": view, **extra})
        state = self._situation(view)["state"]
        state = f"{STATE_HEADING}{state}" if state.strip() else ""
        thinking = stage not in UNLISTED
        said = f"{HEADING}{self._transcript(view, thoughts=thinking)}{state}{thought}\n{instruction}"
        return self._system(lists=thinking), Message("user", said)

    def _system(self, *, lists: bool) -> Message:
        """Return the fixed part: with the lists of tactics and techniques, or the same up to them."""
        if lists not in self._systems:
            text = self._prompts.render("system", {**self._base, "lists": lists})
            self._systems[lists] = Message("system", text)
        return self._systems[lists]

    def _situation(self, view: View) -> dict[str, Any]:
        """Return what all stages of a turn share, rendered once a turn."""
        if self._state[0] != (view.transcript, view.table):
            open_offer = view.table.acceptable_by(view.side.index)
            complete = open_offer is not None and len(open_offer) == len(view.side.issues)
            values = {
                **self._base,
                "view": view,
                "open_offer": open_offer,
                "moves": view.table.moves(view.side.index),
                "open_issues": [each for each in view.side.issues if each.id not in view.table.settled],
                "open_value": view.side.value(open_offer) if open_offer is not None and complete else None,
            }
            values["state"] = self._prompts.render("state", values)
            self._state = ((view.transcript, view.table), values)
        return self._state[1]

    def _transcript(self, view: View, *, thoughts: bool) -> str:
        """Return what was said, with the agent's own earlier thoughts for stages that think on."""
        alike = same_beginning(self._entered, view.transcript)
        if alike < len(view.transcript):
            del self._entered[alike:], self._entries[alike:]
            own = {turn.index: turn for turn in view.own_turns}
            for turn in view.transcript[alike:]:
                self._entered.append(turn)
                self._entries.append(self._entry(turn, own.get(turn.index)))
        entries = self._entries[: len(view.transcript)]
        return "".join(thought + said if thoughts else said for thought, said in entries)

    def _entry(self, turn: PublicTurn, own: OwnTurn | None) -> tuple[str, str]:
        thought = self._thought(turn.index, own.reflection) if own and own.reflection else ""
        return thought, self._prompts.render("turn", {**self._base, "turn": turn})

    def _thought(self, index: int, reflection: str) -> str:
        """Render a private thought; all stages of a turn share it."""
        if self._latest_thought[:2] != (index, reflection):
            values = {**self._base, "index": index, "reflection": reflection}
            self._latest_thought = (index, reflection, self._prompts.render("thought", values))
        return self._latest_thought[2]


class ObserverWriter:
    """Writes the prompts of a neutral reader of one dialogue; what was said is quoted too."""

    def __init__(self, prompts: Prompts, audience: Audience) -> None:
        self._prompts = prompts
        self._base = {"side": audience, "number": number}
        self._system = Message("system", prompts.render("observer", self._base))
        self._entries: list[str] = []
        self._shown = ShownViews()

    def messages(
        self, template: str, transcript: Sequence[PublicTurn], **extra: Any
    ) -> tuple[Message, Message]:
        """Return the two messages of a call: the fixed part; the transcript and what is asked about it."""
        shown = self._shown.turns(tuple(transcript))
        for turn in shown[len(self._entries) :]:
            self._entries.append(self._prompts.render("turn", {**self._base, "turn": turn}))
        entries = "".join(self._entries[: len(transcript)])
        instruction = self._prompts.render(template, {**self._base, **extra})
        return self._system, Message("user", f"{HEADING}{entries}\n{instruction}")


class NotesWriter:
    """Writes the prompts of a reader that knows one role's side, about what that role said."""

    def __init__(self, prompts: Prompts, audience: Audience, notes: Mapping[str, Any]) -> None:
        """Take what the template `notes` shows besides what is public."""
        self._prompts = prompts
        self._base = {"side": audience, "number": number, **notes}
        self._system = Message("system", prompts.render("notes", self._base))
        self._shown = ShownViews()

    def messages(
        self, template: str, transcript: Sequence[PublicTurn], last: int, **extra: Any
    ) -> tuple[Message, Message]:
        """Return the two messages of a call: the notes; the last utterances and what is asked about them."""
        shown = self._shown.turns(tuple(transcript))[-last:]
        entries = "".join(self._prompts.render("turn", {**self._base, "turn": turn}) for turn in shown)
        instruction = self._prompts.render(template, {**self._base, **extra})
        return self._system, Message("user", f"# What was said last\n{entries}\n{instruction}")


def _vocabulary(side: Side) -> dict[str, Any]:
    return {
        "side": side,
        "role": side.role,
        "me": side.roles[side.index],
        "others": [side.roles[index] for index in side.others],
        "number": number,
        "points": points,
    }


def number(value: float) -> str:
    """Write a number as a model should read it: no trailing zeros."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def worth_of(points: float) -> str:
    """Write points as a person would: two places at most, more only where they would be nothing."""
    return number(round(points, 2) or points)


def points(role: Role, issue: Issue) -> str:
    """Write what each way to settle an issue is worth to a role."""
    table = role.payoff.issues[issue.id]
    if isinstance(table, dict):
        return "; ".join(
            f'"{value}" ({issue.label(value)}): {worth_of(worth)} points' for value, worth in table.items()
        )
    pairs = "; ".join(f"{number(x)}: {worth_of(worth)} points" for x, worth in table)
    return f"{pairs}; in proportion in between"
