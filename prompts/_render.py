"""Rendering prompts: Jinja2 templates in a sandbox, the nearest override first.

A call has two messages. The system message is what stays the same for a whole dialogue; the user
message is the transcript in append-only form, then the stage's instruction. So all calls of an
agent in a dialogue share their beginning byte for byte, and prefix caches hit.
"""

import hashlib
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from functools import cache
from importlib.resources.abc import Traversable
from pathlib import Path
from traceback import walk_tb
from typing import Any, Literal, get_args

from jinja2 import (
    FunctionLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    Undefined,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from negosim.errors import UserError
from negosim.models import Message
from negosim.plugins import folders, suggest
from negosim.prompts._shown import ShownViews, shown_value
from negosim.scenarios import Issue, Role
from negosim.speech import quoted_line
from negosim.views import Audience, OwnTurn, PublicTurn, Side, View

Stage = Literal["reflect", "tactics", "rollout", "think", "judge", "speak", "consolidate", "conclude"]
"""What a model can be asked; each has a template of its name."""

STAGES: tuple[Stage, ...] = get_args(Stage)
PARTS = ("system", "turn", "thought", "state")
"""Templates the stages are built from: the fixed part, a transcript entry, a private thought, the table."""

JUDGING = ("observer", "questions", "claims", "beliefs")
"""Templates of judges: the fixed part for a neutral reader, and what is asked."""

ALL = (*PARTS, *STAGES, *JUDGING)

HEADING = "# The conversation so far\n"


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, made quick: a turn renders ten templates and reads a hundred attributes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._plain: set[tuple[type, str]] = set()

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Read an attribute; the sandbox judges by type and name, so it is asked once for each of them."""
        key = (type(obj), attribute)
        if key in self._plain:
            return getattr(obj, attribute)
        value = super().getattr(obj, attribute)
        if hasattr(obj, attribute) and not callable(value) and not isinstance(value, Undefined):
            self._plain.add(key)
        return value

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return a template's globals as one dictionary; Jinja would copy them from two at every call."""
        return {**self.globals, **(d or {})}


class Templates:
    """Jinja2 templates in a sandbox; where several places have one, the first counts."""

    def __init__(self, places: Sequence[Traversable]) -> None:
        self._places = tuple(places)
        self._environment = _Sandbox(
            loader=FunctionLoader(self._load),
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            autoescape=False,
            auto_reload=False,
        )
        self._environment.filters["quoted_line"] = quoted_line
        # Jinja's own cache takes a lock and a weak reference at every look.
        self._compiled = cache(self._environment.get_template)

    def _load(self, name: str) -> tuple[str, str, Callable[[], bool]] | None:
        file = self.source(name)
        return None if file is None else (file.read_text(encoding="utf-8"), str(file), lambda: True)

    def source(self, name: str) -> Traversable | None:
        """Return the file a template comes from."""
        return next((p.joinpath(name) for p in self._places if p.joinpath(name).is_file()), None)

    def render(self, name: str, values: dict[str, Any]) -> str:
        """Render one template.

        Raises:
            UserError: the template is broken or uses something it is not given; names file and line.

        """
        try:
            return self._compiled(f"{name}.j2").render(values)
        except TemplateSyntaxError as error:
            raise UserError(f"{error.filename or name}, line {error.lineno}: {error.message}") from None
        except TemplateNotFound as error:
            raise UserError(f"prompt template {error} does not exist; known are {self._names()}") from None
        except (TemplateError, TypeError, ValueError, KeyError, AttributeError) as error:
            file = str(self.source(f"{name}.j2"))
            # Jinja gives the frames of a template its file and lines.
            places = [
                line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == file
            ]
            where = f"{file}, line {places[-1]}" if places else file
            raise UserError(f"{where}: cannot be rendered: {error}") from None

    def _names(self) -> str:
        names = {file.name for place in self._places for file in place.iterdir()}
        return ", ".join(sorted(name.removesuffix(".j2") for name in names if name.endswith(".j2")))

    def hash(self, names: Iterable[str]) -> str:
        """Return a SHA-256 over templates in force."""
        digest = hashlib.sha256()
        for name in names:
            file = self.source(f"{name}.j2")
            if file is not None:
                digest.update(f"{name}\0{file.read_text(encoding='utf-8')}\0".encode())
        return digest.hexdigest()


class Prompts(Templates):
    """The templates in force for one scenario.

    Looked for in `folder`, then in the prompt packs of `NEGOSIM_PATH` and installed packages, then
    among the built-in ones; in each first in a subfolder named like the scenario.
    """

    def __init__(self, scenario: str, folder: str | None = None, own: Iterable[str] = ()) -> None:
        """Find the templates; `own` names those that a planner brings besides the built-in ones."""
        places: list[Traversable] = []
        roots: list[Traversable] = []
        if folder is not None:
            roots.append(_checked_folder(folder, own))
        roots += [place for place, _ in folders("prompts")]
        for root in roots:
            if root.joinpath(scenario).is_dir():
                places.append(root.joinpath(scenario))
            places.append(root)
        super().__init__(places)

    def hash(self, names: Iterable[str] = (*PARTS, *STAGES)) -> str:
        """Return a SHA-256 over templates in force; by default over those of agents."""
        return super().hash(names)


class PromptWriter:
    """Writes the prompts of one agent in one dialogue; renders each transcript entry once.

    Templates get all that was said and thought quoted (`negosim.speech`), those of packs too.
    """

    def __init__(self, prompts: Prompts, side: Side) -> None:
        self._prompts = prompts
        self._side = side
        self._base = _vocabulary(side)
        self._system = Message("system", prompts.render("system", self._base))
        self._entries: list[str] = []
        self._state: tuple[int, dict[str, Any]] = (-1, {})
        self._latest_thought = (-1, "", "")
        self._shown = ShownViews()

    def messages(self, stage: str, view: View, **extra: Any) -> tuple[Message, Message]:
        """Return the two messages of a call: the fixed part; the transcript and the stage's instruction."""
        view = self._shown.view(view)
        extra = {name: shown_value(value) for name, value in extra.items()}
        thought = self._thought(view.turn_index, view.reflection) if view.reflection else ""
        instruction = self._prompts.render(stage, {**self._situation(view), "view": view, **extra})
        return self._system, Message("user", f"{HEADING}{self._transcript(view)}{thought}\n{instruction}")

    def _situation(self, view: View) -> dict[str, Any]:
        """Return what all stages of a turn share, rendered once a turn."""
        if self._state[0] != view.turn_index:
            open_offer = view.table.acceptable_by(view.side.index)
            complete = open_offer is not None and len(open_offer) == len(view.side.issues)
            values = {
                **self._base,
                "view": view,
                "open_offer": open_offer,
                "open_value": view.side.value(open_offer) if open_offer is not None and complete else None,
            }
            values["state"] = self._prompts.render("state", values)
            self._state = (view.turn_index, values)
        return self._state[1]

    def _transcript(self, view: View) -> str:
        if len(self._entries) < len(view.transcript):
            own = {turn.index: turn for turn in view.own_turns}
            for turn in view.transcript[len(self._entries) :]:
                self._entries.append(self._entry(turn, own.get(turn.index)))
        return "".join(self._entries[: len(view.transcript)])

    def _entry(self, turn: PublicTurn, own: OwnTurn | None) -> str:
        thought = self._thought(turn.index, own.reflection) if own and own.reflection else ""
        return thought + self._prompts.render("turn", {**self._base, "turn": turn})

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


def points(role: Role, issue: Issue) -> str:
    """Write what each way to settle an issue is worth to a role, exactly as the payoff has it."""
    table = role.payoff.issues[issue.id]
    if isinstance(table, dict):
        return "; ".join(
            f'"{value}" ({issue.label(value)}): {number(worth)} points' for value, worth in table.items()
        )
    pairs = "; ".join(f"{number(x)}: {number(worth)} points" for x, worth in table)
    return f"{pairs}; in proportion in between"


def _checked_folder(folder: str, own: Iterable[str]) -> Path:
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise UserError(f"no prompts folder {folder!r}; give a folder of .j2 templates")
    known = {f"{name}.j2" for name in (*ALL, *own)}
    for file in sorted(path.rglob("*.j2")):
        if file.name not in known:
            raise UserError(f"{file}: no stage is named so; {suggest(file.name, known)}")
    return path
