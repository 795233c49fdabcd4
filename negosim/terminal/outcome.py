"""The box at the end of a dialogue: what was agreed, what it is worth, what it cost."""

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table as Grid
from rich.text import Text

from negosim._text import duration, money, one_line, plural, points, tokens
from negosim.records import Dialogue, Measurement, Vote
from negosim.scenarios import Measure, Scenario
from negosim.terminal.account import account_table, total_usd
from negosim.terminal.colours import colour
from negosim.terminal.lens import Lens
from negosim.terminal.moves import ending, verdict


def outcome_view(dialogue: Dialogue, scenario: Scenario, lens: Lens) -> RenderableType:
    """Return the outcome box."""
    head = Text.assemble((verdict(dialogue), "bold"), f" {ending(dialogue, scenario, lens)}")
    parts: list[RenderableType] = [head]
    if dialogue.outcome.deal is not None:
        parts += [Text(""), _deal(dialogue, scenario, lens), Text("")]
    parts += [Text(line) for line in outcome_lines(dialogue, scenario, lens)]
    if lens.truth and dialogue.account:
        parts += [Text(""), account_table(dialogue.account)]
    return Panel(Group(*parts), title=Text("Outcome", "bold"), title_align="left", padding=(0, 1))


def outcome_lines(dialogue: Dialogue, scenario: Scenario, lens: Lens) -> list[str]:
    """Return what the numbers say, a line each, as far as the lens may know them."""
    outcome, lines = dialogue.outcome, []
    shown = sorted(lens.private)
    if outcome.status in ("no_agreement", "abandoned") and scenario.has_deals:
        kept = [f"{points(scenario.roles[role].payoff.reservation)} for agent {role + 1}" for role in shown]
        lines += [f"without a deal each keeps its reservation value: {', '.join(kept)}"] if kept else []
    if outcome.coalition is not None:
        lines.append(parties_line(outcome.coalition, scenario))
    if outcome.rational is not None and shown:
        losers = [f"agent {role + 1}" for role in shown if not outcome.rational[role]]
        who = "for everyone" if lens.truth else "for " + ", ".join(f"agent {role + 1}" for role in shown)
        lines.append(f"individually rational: {'not for ' + ', '.join(losers) if losers else 'yes, ' + who}")
    if lens.truth and outcome.joint_value is not None and scenario.has_deals:
        best = scenario.space.best_joint
        lines.append(f"joint value {points(outcome.joint_value)} of {points(best)} possible")
    if lens.truth and outcome.pareto_distance is not None:
        lines.append(f"Pareto distance {points(outcome.pareto_distance)} (0 is efficient)")
    if lens.truth and outcome.nash_ratio is not None:
        lines[-1] += f"; Nash ratio {points(outcome.nash_ratio)} (1 is the Nash point)"
    lines += [line for role in shown for line in measured_lines(dialogue, scenario, role)]
    if outcome.rewards is not None and shown:
        worth = [f"{_reward(outcome.rewards[role])} to agent {role + 1}" for role in shown]
        lines.append(f"reward: {', '.join(worth)}")
    if shown and dialogue.votes:
        ready = [f"agent {role + 1} {ready_since(dialogue.votes, role)}" for role in shown]
        lines.append(f"ready to end: {', '.join(ready)}")
    if lens.truth:
        lines.append(cost_line(dialogue))
    return lines


def parties_line(coalition: Sequence[int], scenario: Scenario) -> str:
    """Say who made the deal, and who is left out."""
    names = [one_line(role.name) for role in scenario.roles]
    made = " and ".join(names[role] for role in coalition)
    left = [name for role, name in enumerate(names) if role not in coalition]
    return f"deal between {made}" + (f"; left out: {' and '.join(left)}" if left else "")


def measured_lines(dialogue: Dialogue, scenario: Scenario, role: int) -> list[str]:
    """Say what a role answered in private, a line a measure."""
    lines = []
    for measure in scenario.measures:
        told = [
            f"{MOMENTS[given.moment].format(given.turns)} {_about(given)}{_answer(given, measure)}"
            for given in dialogue.measurements
            if (given.measure, given.role) == (measure.id, role)
        ]
        if told:
            lines.append(f"agent {role + 1} in private, {measure.id}: {', '.join(told)}")
    return lines


MOMENTS = {"before": "before", "after": "after", "each_turn": "after {}"}


def _about(given: Measurement) -> str:
    return "" if given.about is None else f"of agent {given.about + 1} "


def _answer(given: Measurement, measure: Measure) -> str:
    return given.status.replace("_", " ") if given.value is None else one_line(measure.label(given.value))


def _reward(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def ready_since(votes: Sequence[Vote], role: int) -> str:
    """Say since when a role has said, without a break, that the conversation was over."""
    since = None
    for vote in votes:
        if not vote.concluded[role]:
            since = None
        elif since is None:
            since = vote.after_turn + 1
    return "not yet" if since is None else f"since utterance {since}"


def cost_line(dialogue: Dialogue) -> str:
    """Sum the account of a dialogue up in one line."""
    rows = dialogue.account
    if not rows:
        return f"no model calls, {duration(dialogue.seconds)}"
    calls = plural(sum(row.calls for row in rows), "model call")
    tokens_in = tokens(sum(row.tokens_in for row in rows))
    tokens_out = tokens(sum(row.tokens_out for row in rows))
    cached = sum(row.tokens_cached for row in rows)
    part = f" ({tokens(cached)} cached)" if cached else ""
    usage = f"{tokens_in} tokens in{part}, {tokens_out} out"
    reused = sum(row.cached_calls for row in rows)
    calls += f" and {plural(reused, 'reused answer')}" if reused else ""
    return f"{calls}, {usage}, {money(total_usd(rows))}, {duration(dialogue.seconds)}"


def _deal(dialogue: Dialogue, scenario: Scenario, lens: Lens) -> Grid:
    """Return the deal by issue, with the points of the roles the lens shows."""
    deal, shown = dialogue.outcome.deal or {}, sorted(lens.private) if scenario.has_deals else []
    table = Grid(box=box.SIMPLE_HEAD, expand=True, show_edge=False, pad_edge=False, padding=(0, 1))
    table.add_column("issue", ratio=2, overflow="fold")
    table.add_column("settled at", ratio=3, overflow="fold")
    for role in shown:
        table.add_column(Text(f"agent {role + 1}", colour(role)), justify="right", no_wrap=True)
    for issue in (issue for issue in scenario.issues if issue.id in deal):
        worth = [points(scenario.roles[role].payoff.points(issue, deal[issue.id])) for role in shown]
        table.add_row(Text(one_line(issue.name)), Text(one_line(issue.label(deal[issue.id]))), *worth)
    if shown:
        table.add_section()
        values = dialogue.outcome.values or ()
        table.add_row(Text("value", "bold"), "", *(Text(points(values[role]), "bold") for role in shown))
        payoffs = [scenario.roles[role].payoff for role in shown]
        table.add_row("reservation", "", *(points(payoff.reservation) for payoff in payoffs))
        table.add_row("target", "", *(points(payoff.target) for payoff in payoffs))
    return table
