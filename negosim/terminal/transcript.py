"""A dialogue in panels: the header, and each utterance with what went on before it."""

from collections.abc import Iterable, Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table as Grid
from rich.text import Text

from negosim._text import clean, one_line, points, spoken
from negosim.records import MARKED, SIMULATED, Claim, Condition, Turn
from negosim.scenarios import Scenario
from negosim.speech import quoted_line
from negosim.table import Table
from negosim.terminal.colours import colour
from negosim.terminal.lens import Lens, condition_line, player_of
from negosim.terminal.moves import Move, given_floor, heard_asides, move_of

SIM_NOTE = "sim is the embedded simulated negotiator; it is no language model"


def words(text: str, style: str = "") -> Text:
    """Return untrusted text as it is, never as markup."""
    return Text(clean(text), style=style)


def labelled(rows: Iterable[tuple[RenderableType, RenderableType]]) -> Grid:
    """Return rows of a short label and its content."""
    grid = Grid.grid(padding=(0, 2, 0, 0), expand=True)
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    for label, content in rows:
        grid.add_row(label, content)
    return grid


class SideColumn:
    """Puts what a role says on its own side of the terminal, so that no colour is needed."""

    def __init__(self, role: int, content: RenderableType) -> None:
        self.role = role
        self.content = content

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Indent by the role's position, less in a narrow terminal."""
        step = 6 if options.max_width >= 72 else 2 if options.max_width >= 40 else 0
        left = step * (self.role % 2)
        yield Padding(self.content, (0, step - left, 0, left))


def header(
    scenario: Scenario,
    condition: Condition,
    opener: int,
    models: Sequence[str],
    lens: Lens,
    dialogue: str,
    traits: Sequence[Sequence[str]] = (),
) -> RenderableType:
    """Return the box above a dialogue: what it is about, who plays, and under which condition."""
    rows: list[tuple[RenderableType, RenderableType]] = []
    for index, role in enumerate(scenario.roles):
        who = Text.assemble((one_line(role.name), f"bold {colour(index)}"), f", {one_line(role.position)}")
        who.append(f" {player_of(index, models, traits, lens)}", "dim")
        rows.append((Text(f"agent {index + 1}", colour(index)), who))
    rows.append((Text("about"), Text(", ".join(one_line(issue.name) for issue in scenario.issues))))
    told = condition_line(scenario, condition, lens)
    if told is not None:
        rows.append((Text("condition"), Text(one_line(told), "bold" if condition.deceptive else "")))
    rows.append((Text("opens"), Text(one_line(scenario.roles[opener].name))))
    if lens.truth:
        rows.append((Text("dialogue"), Text(one_line(dialogue))))
    parts: list[RenderableType] = [words(scenario.summary), Text(""), labelled(rows)]
    if SIMULATED in models:
        parts.append(Text(SIM_NOTE, "dim"))
    title = Text(one_line(scenario.title), "bold")
    return Panel(Group(*parts), title=title, title_align="left", padding=(0, 1))


def turn_view(scenario: Scenario, turn: Turn, before: Table, after: Table, lens: Lens) -> RenderableType:
    """Return one utterance: the thoughts before it as far as the lens shows them, and its panel."""
    parts: list[RenderableType] = []
    if lens.thinks(turn.role):
        parts += [Text(""), *_thoughts(turn)]
    name, style = one_line(scenario.roles[turn.role].name), colour(turn.role)
    false = [claim for claim in turn.claims if not claim.true] if lens.truth else []
    content: list[RenderableType] = [_spoken(turn.utterance.text, false)]
    notes = [
        *_move_rows(scenario, move_of(turn, before, after), turn.role, lens),
        *(_mark_rows(turn) if lens.truth else ()),
        *_claim_rows(false),
    ]
    notes += [(Text(whom, "bold"), words(text)) for whom, text in heard_asides(scenario, turn, lens)]
    if (floor := given_floor(scenario, turn)) is not None:
        notes.append((Text("floor to", "dim"), Text(floor, "dim")))
    if notes:
        content += [Text(""), labelled(notes)]
    number, agent = (f"{turn.index + 1} · ", "dim"), (f" (agent {turn.role + 1})", "dim")
    title = Text.assemble(number, (name, f"bold {style}"), agent)
    parts.append(Panel(Group(*content), title=title, title_align="left", border_style=style, padding=(0, 1)))
    return SideColumn(turn.role, Group(*parts))


def _thoughts(turn: Turn) -> Iterable[RenderableType]:
    rows: list[tuple[RenderableType, RenderableType]] = []
    if turn.reflection:
        rows.append((Text("thinks", "dim"), words(turn.reflection, "dim italic")))
    if turn.tactic and not turn.rollouts:
        rows.append((Text("tactic", "dim"), words(turn.tactic, "dim")))
    if rows:
        yield Padding(labelled(rows), (0, 1))
    if turn.rollouts:
        yield Padding(_tactics(turn), (0, 1))


def _tactics(turn: Turn) -> Grid:
    """Return the candidates of a turn, a line each, the winner marked."""
    grid = Grid.grid(padding=(0, 1, 0, 0), expand=True)
    grid.add_column(width=1)
    grid.add_column(no_wrap=True, overflow="ellipsis", max_width=28)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    for position, rollout in enumerate(turn.rollouts):
        won = position == turn.chosen
        style = "bold" if won else "dim"
        score = "-" if rollout.score is None else f"{rollout.score:.1f}"
        sketch = Text(one_line(rollout.utterance), "dim italic")
        tactic = Text(one_line(rollout.tactic), style)
        grid.add_row(Text("►" if won else ""), tactic, Text(score, style), sketch)
    return grid


def _spoken(text: str, false: Sequence[Claim]) -> Text:
    shown = Text(spoken(text))
    for claim in false:
        shown.highlight_words([spoken(claim.quote)], "underline")
    return shown


def _move_rows(
    scenario: Scenario, move: Move | None, speaker: int, lens: Lens
) -> Iterable[tuple[RenderableType, RenderableType]]:
    if move is None:
        return
    yield Text(move.verb, f"bold {colour(speaker)}"), Text(move.describe(scenario))
    worth = [f"{value} to agent {role + 1}" for role, value in move.worth(scenario, sorted(lens.private))]
    if worth:
        yield Text("worth", "dim"), Text(", ".join(worth), "dim")
    if move.settles and move.verb == "accepts":
        yield Text("deal", "bold"), Text("every issue is settled")


def _claim_rows(false: Iterable[Claim]) -> Iterable[tuple[RenderableType, RenderableType]]:
    for claim in false:
        yield Text("FALSE", "bold"), Text(describe_claim(claim))


def _mark_rows(turn: Turn) -> Iterable[tuple[RenderableType, RenderableType]]:
    for mark in turn.marks:
        yield Text("MARKED", "bold"), Text(MARKED[mark])


def describe_claim(claim: Claim) -> str:
    """Say in one line what a false claim says, what holds, and how it deceives."""
    what = [claim.subject, *filter(None, (claim.issue, claim.technique))]
    parts = [", ".join(what)]
    if claim.stated is not None:
        parts.append(f"says: {_plain(claim.stated)}")
    if claim.actual is not None:
        parts.append(f"in truth: {_plain(claim.actual)}")
    return one_line(f'"{quoted_line(claim.quote)}" ({"; ".join(parts)})')


def _plain(value: str | float) -> str:
    return value if isinstance(value, str) else points(value)
