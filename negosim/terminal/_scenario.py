"""A scenario as a researcher reads it: context, roles, issues with their points, the numbers."""

from collections.abc import Iterable, Iterator

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from negosim._text import one_line, points
from negosim.scenarios import Issue, Role, Scenario, Value, space_summary
from negosim.terminal._colours import colour
from negosim.terminal._transcript import labelled, words

MOST_VALUES = 8
"""A numeric issue with more values is shown at the points where a payoff bends."""


def scenario_view(scenario: Scenario) -> RenderableType:
    """Return everything about a scenario, the confidential parts included and named as such."""
    parts: list[RenderableType] = [
        Text(f"{one_line(scenario.title)} ({scenario.id})", "bold"),
        words(scenario.summary),
        Text(""),
        words(scenario.context),
        Text(""),
        words(scenario.source, "dim"),
    ]
    for index, role in enumerate(scenario.roles):
        parts += [Text(""), *_role(index, role, opens=index == scenario.opener_index)]
    parts += [_heading("Issues, and what each way to settle them is worth (confidential)"), _issues(scenario)]
    if scenario.resolution:
        parts.append(_heading("Questions for the judge"))
        parts.append(_bullets(question.text for question in scenario.resolution))
    parts += [_heading("The space of deals"), labelled(_numbers(scenario))]
    return Group(*parts)


def _heading(text: str) -> Padding:
    return Padding(Text(text, "bold"), (1, 0, 0, 0))


def _role(index: int, role: Role, *, opens: bool) -> Iterator[RenderableType]:
    name = Text.assemble(
        (f"agent {index + 1}: {one_line(role.name)}", f"bold {colour(index)}"),
        f", {one_line(role.position)} (role id: {role.id}{'; speaks first' if opens else ''})",
    )
    yield name
    rows: list[tuple[RenderableType, RenderableType]] = [
        (Text("CONFIDENTIAL", "bold"), words(role.brief)),
        (Text("wants"), _bullets(role.interests)),
        (Text("without a deal"), words(role.alternative)),
    ]
    if role.secrets:
        rows.append((Text("keeps secret"), _bullets(role.secrets)))
    if role.deceptive_brief:
        rows.append((Text("if deceptive"), words(role.deceptive_brief)))
    yield Padding(labelled(rows), (0, 0, 0, 2))


def _bullets(items: Iterable[str]) -> Grid:
    grid = Grid.grid(padding=(0, 1, 0, 0))
    for item in items:
        grid.add_row("-", words(item))
    return grid


def _issues(scenario: Scenario) -> Grid:
    table = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("issue", overflow="fold")
    table.add_column("settled at", overflow="fold")
    for index in range(len(scenario.roles)):
        table.add_column(Text(f"agent {index + 1}", colour(index)), justify="right", no_wrap=True)
    for issue in scenario.issues:
        for position, value in enumerate(_telling_values(issue, scenario)):
            name = one_line(issue.name) if position == 0 else ""
            worth = [points(role.payoff.points(issue, value)) for role in scenario.roles]
            table.add_row(Text(name), Text(one_line(issue.label(value))), *worth)
        table.add_section()
    for label in ("reservation", "target"):
        worth = [points(getattr(role.payoff, label)) for role in scenario.roles]
        table.add_row(label, "", *worth)
    return table


def _telling_values(issue: Issue, scenario: Scenario) -> list[Value]:
    """Return the values that show an issue's payoffs: all, or those where one of them bends."""
    if issue.range is None or len(issue.values) <= MOST_VALUES:
        return list(issue.values)
    bends = {issue.range.min, issue.range.max}
    for role in scenario.roles:
        table = role.payoff.issues[issue.id]
        bends |= {x for x, _ in table if isinstance(x, int | float)} if isinstance(table, tuple) else set()
    return [value for value in sorted(bends) if issue.range.min <= value <= issue.range.max]


def _numbers(scenario: Scenario) -> Iterator[tuple[RenderableType, RenderableType]]:
    numbers = space_summary(scenario.space)
    yield Text("deals"), Text(f"{numbers['deals']:,}")
    yield Text("individually rational"), Text(f"{numbers['rational_share']:.1%} of them, for every role")
    yield Text("Pareto-efficient"), Text(f"{numbers['pareto_deals']:,}")
    if numbers["nash_deal"] is None:
        yield Text("Nash point"), Text("none: no deal is better than no deal for every role")
    else:
        yield Text("Nash point"), _deal(scenario, numbers["nash_deal"])
    yield Text("best joint value"), _deal(scenario, numbers["best_joint_deal"])
    yield Text("constant-sum"), Text("yes" if numbers["constant_sum"] else "no: both can gain")


def _deal(scenario: Scenario, deal: dict[str, Value]) -> Text:
    values = [scenario.value(role, deal) for role in range(len(scenario.roles))]
    worth = ", ".join(f"{points(value)} to agent {role + 1}" for role, value in enumerate(values))
    return Text(f"{points(sum(values))} points ({worth})\n{one_line(scenario.describe(deal))}")
