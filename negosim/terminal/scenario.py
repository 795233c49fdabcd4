"""A scenario as a researcher reads it: context, roles, issues with their points, the numbers."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from negosim._text import one_line, points
from negosim.measures import kind_of
from negosim.scenarios import Issue, Role, Scenario, Value, space_summary, who_agrees
from negosim.terminal.colours import colour
from negosim.terminal.transcript import labelled, words

MOMENTS = {
    "before": "before the first word",
    "after": "after the last word",
    "each_turn": "after every utterance",
}

MOST_VALUES = 8
"""A numeric issue with more values is shown at the points where a payoff bends."""


def scenario_view(scenario: Scenario) -> RenderableType:
    """Return everything about a scenario, the confidential parts included and named as such."""
    parts: list[RenderableType] = [
        Text(f"{one_line(scenario.title)} ({scenario.id})", "bold"),
        words(scenario.summary),
        Text(""),
        words(scenario.context),
        *([Text(""), Text.assemble(("Claim: ", "bold"), words(scenario.claim))] if scenario.claim else []),
        Text(""),
        words(scenario.source, "dim"),
    ]
    for index, role in enumerate(scenario.roles):
        parts += [Text(""), *_role(index, role, scenario, opens=index == scenario.opener_index)]
    if told := list(_table_rules(scenario)):
        parts += [_heading("At the table"), labelled(told)]
    if scenario.has_deals:
        parts.append(_heading("Issues, and what each way to settle them is worth (confidential)"))
        parts.append(_issues(scenario))
    if scenario.measures:
        parts += [_heading("What roles are asked in private"), labelled(_measures(scenario))]
    if scenario.resolution:
        parts.append(_heading("Questions for the judge"))
        parts.append(_bullets(question.text for question in scenario.resolution))
    if scenario.has_deals:
        parts += [_heading("The space of deals"), labelled(_numbers(scenario))]
    return Group(*parts)


ORDERS = {
    "round_robin": "one after the other",
    "random": "as the seed says, nobody twice running",
    "chair": "{} speaks every other time and says who is next",
}


def _table_rules(scenario: Scenario) -> Iterator[tuple[RenderableType, RenderableType]]:
    """Yield what is out of the ordinary: whose agreement makes a deal, who speaks when, side messages."""
    names = {role.id: one_line(role.name) for role in scenario.roles}
    if scenario.has_deals and not scenario.rule.takes_all:
        yield Text("a deal takes"), Text(who_agrees(scenario.agreement, names))
    if scenario.order.kind != "round_robin":
        yield (
            Text("who speaks"),
            Text(ORDERS[scenario.order.kind].format(names.get(scenario.order.chair or ""))),
        )
    if scenario.side_messages:
        yield Text("side messages"), Text("may go to some of the others alone")


def _heading(text: str) -> Padding:
    return Padding(Text(text, "bold"), (1, 0, 0, 0))


def _role(index: int, role: Role, scenario: Scenario, *, opens: bool) -> Iterator[RenderableType]:
    name = Text.assemble(
        (f"agent {index + 1}: {one_line(role.name)}", f"bold {colour(index)}"),
        f", {one_line(role.position)} (role id: {role.id}{'; speaks first' if opens else ''})",
    )
    yield name
    rows: list[tuple[RenderableType, RenderableType]] = [
        (Text("CONFIDENTIAL", "bold"), words(role.brief)),
        (Text("wants"), _bullets(role.interests)),
    ]
    if role.alternative:
        rows.append((Text("without a deal"), words(role.alternative)))
    if role.secrets:
        rows.append((Text("keeps secret"), _bullets(role.secrets)))
    if role.deceptive_brief:
        rows.append((Text("if deceptive"), words(role.deceptive_brief)))
    if role.priors:
        rows.append((Text("at first"), words(_priors(role, scenario))))
    if role.reward:
        rows.append((Text("reward"), words(role.reward.expression or f"function {role.reward.function}")))
    yield Padding(labelled(rows), (0, 0, 0, 2))


def _priors(role: Role, scenario: Scenario) -> str:
    by_id = {measure.id: measure for measure in scenario.measures}
    return "; ".join(f"{name}: {by_id[name].label(answer)}" for name, answer in role.priors.items())


def _measures(scenario: Scenario) -> Iterator[tuple[RenderableType, RenderableType]]:
    """Yield each measure: who is asked when, the question, and what can be answered."""
    for measure in scenario.measures:
        agents = ", ".join(f"agent {scenario.role_index[role] + 1}" for role in measure.asked_of)
        times = ", ".join(MOMENTS[moment] for moment in measure.when)
        meanings = measure.scale.items() if measure.scale else ()
        told = [f"{grade}: {one_line(text)}" for grade, text in meanings if text]
        told += [f"{option.id}: {option.label}" for option in measure.options or ()]
        answer = "; ".join([f"Answer: {measure.wanted}", *told])
        yield Text(measure.id), Text(f"{one_line(measure.question)}\n{answer}\nAsked of {agents}, {times}")


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
    yield from _kind(scenario)
    yield Text("constant-sum"), Text("yes" if numbers["constant_sum"] else _can_gain(scenario))
    for among in numbers["coalitions"]:
        yield Text(f"deals of {_agents(among['parties'])}"), Text(_among(among))


def _kind(scenario: Scenario) -> Iterator[tuple[RenderableType, RenderableType]]:
    """Say what kind of negotiation it is: zone of agreement, integrative index, other solutions."""
    kind = kind_of(scenario.space)
    widths = ", ".join(f"{points(width)} for agent {role}" for role, width in enumerate(kind.zone, 1))
    yield Text("zone of agreement"), Text(f"points over no deal that can be had: {widths}")
    if kind.integrative is not None:
        yield Text("integrative index"), Text(f"{kind.integrative:.2f} (0 pure conflict, 1 no conflict)")
    for name in ("kalai_smorodinsky", "egalitarian", "utilitarian"):
        if name in kind.solutions:
            worth = kind.solutions[name]
            shares = ", ".join(f"{points(value)} to agent {role}" for role, value in enumerate(worth, 1))
            label = name.replace("_", "-").title() if name.startswith("kalai") else name
            yield Text(label), Text(f"{points(sum(worth))} points ({shares})")


def _can_gain(scenario: Scenario) -> str:
    return "no: both can gain" if len(scenario.roles) == 2 else "no: all can gain"


def _agents(parties: Iterable[int]) -> str:
    return " + ".join(str(role + 1) for role in parties)


def _among(among: Mapping[str, Any]) -> str:
    """Say what the deals of one coalition are worth to it, and what stays with the others."""
    if among["best_joint"] is None:
        return "none is better than no deal for each of them"
    best = f"at best {points(among['best_joint'])} points together"
    rest = f"; those left out keep {points(among['outside'])}" if among["outside"] else ""
    return f"{among['rational_share']:.1%} of them rational for each of these agents, {best}{rest}"


def _deal(scenario: Scenario, deal: dict[str, Value]) -> Text:
    values = [scenario.value(role, deal) for role in range(len(scenario.roles))]
    worth = ", ".join(f"{points(value)} to agent {role + 1}" for role, value in enumerate(values))
    return Text(f"{points(sum(values))} points ({worth})\n{one_line(scenario.describe(deal))}")
