"""A dialogue in plain lines, for pipes and files: one an utterance, no colour, no boxes."""

from collections.abc import Iterator, Sequence

from negosim._text import one_line, plural, points
from negosim.records import MARKED, Condition, Dialogue, Turn
from negosim.scenarios import Scenario
from negosim.speech import quoted_line
from negosim.table import Table
from negosim.terminal.account import account_lines
from negosim.terminal.lens import Lens, condition_line, player_of
from negosim.terminal.moves import ending, given_floor, heard_asides, move_of, verdict
from negosim.terminal.outcome import outcome_lines
from negosim.terminal.transcript import describe_claim


def header_lines(
    scenario: Scenario,
    condition: Condition,
    opener: int,
    models: Sequence[str],
    lens: Lens,
    dialogue: str,
    traits: Sequence[Sequence[str]] = (),
) -> Iterator[str]:
    """Yield what a dialogue is about, who plays, and under which condition."""
    yield f"{scenario.title}: {one_line(scenario.summary)}"
    for index, role in enumerate(scenario.roles):
        who = f"{one_line(role.name)}, {one_line(role.position)}"
        yield f"agent {index + 1}: {who} {player_of(index, models, traits, lens)}"
    told = condition_line(scenario, condition, lens)
    if told is not None:
        yield f"condition: {one_line(told)}"
    yield f"opens: {one_line(scenario.roles[opener].name)}"
    if lens.truth:
        yield f"dialogue: {one_line(dialogue)}"


def turn_lines(scenario: Scenario, turn: Turn, before: Table, after: Table, lens: Lens) -> Iterator[str]:
    """Yield an utterance as one line, after the thoughts that the lens shows."""
    name, number = one_line(scenario.roles[turn.role].name), turn.index + 1
    if lens.thinks(turn.role):
        if turn.reflection:
            yield f"{number} {name} thinks: {one_line(turn.reflection)}"
        if turn.rollouts:
            yield f"{number} {name} weighs: {_tactics(turn)}"
        elif turn.tactic:
            yield f"{number} {name} chooses: {one_line(turn.tactic)}"
    notes = []
    move = move_of(turn, before, after)
    if move is not None:
        notes.append(f"{move.verb} {move.describe(scenario)}".rstrip())
        worth = move.worth(scenario, sorted(lens.private))
        notes += [f"worth {value} to agent {role + 1}" for role, value in worth]
    if lens.truth:
        notes += [f"FALSE: {describe_claim(claim)}" for claim in turn.claims if not claim.true]
        notes += [f"MARKED: {MARKED[mark]}" for mark in turn.marks]
    if (floor := given_floor(scenario, turn)) is not None:
        notes.append(f"gives the floor to {floor}")
    suffix = f" [{' | '.join(notes)}]" if notes else ""
    yield f"{number} {name} (agent {turn.role + 1}): {quoted_line(turn.utterance.text)}{suffix}"
    for whom, text in heard_asides(scenario, turn, lens):
        yield f"{number} {name} {whom}: {quoted_line(text)}"


def _tactics(turn: Turn) -> str:
    named = []
    for position, rollout in enumerate(turn.rollouts):
        score = "unscored" if rollout.score is None else f"{rollout.score:.1f}"
        named.append(f"{one_line(rollout.tactic)} {score}{' (chosen)' if position == turn.chosen else ''}")
    return ", ".join(named)


def ending_lines(dialogue: Dialogue, scenario: Scenario, lens: Lens) -> Iterator[str]:
    """Yield what came of a dialogue."""
    yield f"{verdict(dialogue)} {ending(dialogue, scenario, lens)}"
    if dialogue.outcome.deal is not None:
        yield f"deal: {one_line(scenario.describe(dialogue.outcome.deal))}"
        values = dialogue.outcome.values or ()
        for role in sorted(lens.private):
            payoff = scenario.roles[role].payoff
            yield (
                f"agent {role + 1}: value {points(values[role])}, reservation {points(payoff.reservation)}, "
                f"target {points(payoff.target)}"
            )
    yield from outcome_lines(dialogue, scenario, lens)
    if lens.truth and dialogue.account:
        yield from account_lines(dialogue.account)


def dialogue_line(dialogue: Dialogue, scenario: Scenario) -> str:
    """Sum a finished dialogue up in one line."""
    if dialogue.failure is not None:
        return f"{dialogue.id}: failed {ending(dialogue, scenario, Lens(truth=True))}"
    parts = [verdict(dialogue).lower(), plural(len(dialogue.turns), "utterance")]
    if dialogue.outcome.joint_value is not None:
        parts.append(f"joint value {points(dialogue.outcome.joint_value)}")
    return f"{dialogue.id}: {', '.join(parts)}"
