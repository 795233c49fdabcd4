"""Text of negotiations as policies are trained on them and served them: briefs, and turns with moves.

Whoever shows a negotiation to a policy, in training, in play or in hindsight, takes it from here.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, Protocol

from negosim.rl._ends import read_end as read_end
from negosim.rl._trajectory import TrajectoryTurn

if TYPE_CHECKING:
    from negosim.scenarios import Issue, Role, Scenario

Move = Literal["talk", "offer", "accept", "reject", "walk_away"]

_MARK = re.compile(r"\s*\[(offer|accept|reject|walk away)(?:: ([^\[\]]*))?\]\s*$")
_SAID_MARK = re.compile(r"\[(\s*(?:offer|accept|reject|walk[\s_-]?away|end)\b[^\[\]]*)\]", re.IGNORECASE)


def mark(text: str, move: Move, offer: Mapping[str, object] | None = None) -> str:
    """Put a move behind a text: "Fine by me. [offer: price=0.11; term=two-years]".

    The values of an offer are as the scenario's issues have them. What is said in brackets and reads like
    a mark gets round brackets: saying "[accept]" accepts nothing.
    """
    text = _SAID_MARK.sub(r"(\1)", text)
    if move == "talk":
        return text
    what = "; ".join(f"{issue}={value}" for issue, value in (offer or {}).items())
    return f"{text} [{move.replace('_', ' ')}{f': {what}' if what else ''}]".strip()


def words_and_mark(text: str) -> tuple[str, str]:
    """Return a text's words, and the mark behind them with the space before it, empty where there is none."""
    match = _MARK.search(text)
    return (text, "") if match is None else (text[: match.start()], match[0].rstrip())


def turn_text(
    text: str,
    move: Move,
    offer: Mapping[str, object] | None = None,
    *,
    speaker: str | None = None,
    names: Sequence[str] = (),
) -> str:
    """Return a negotiator's turn as a policy reads it: on one line, its move behind it.

    Args:
        text: the words.
        move: what they do.
        offer: with which values.
        speaker: who says them, where several share the side of the user; it is put before the words.
        names: of all of them: words that read like another's label are none, they lose their colon.

    """
    words = " ".join(text.split())
    if speaker is not None:
        labels = "|".join(map(re.escape, names))
        words = f"{speaker}: " + re.sub(rf"\b({labels})\s*[:：]", r"\1,", words)
    return mark(words, move, offer)


class PublicMove(Protocol):
    """What was said in public: words, and what they do."""

    @property
    def text(self) -> str:
        """The words."""

    @property
    def action(self) -> Move:
        """What they do."""

    @property
    def offer(self) -> Mapping[str, object] | None:
        """With which values."""

    @property
    def wordless(self) -> bool:
        """Whether the text only names the move."""


def policy_turn(
    said: PublicMove,
    role: int,
    learner: int,
    names: Sequence[str],
    *,
    tactic: str | None = None,
    deals: bool = True,
) -> TrajectoryTurn:
    """Return a turn of a negotiation as a policy that plays one of its roles knows it.

    Args:
        said: what was said.
        role: position of who said it.
        learner: position of the role that the policy plays.
        names: of all roles, in their order.
        tactic: of the turn; a partner's is private, it is not part of what the learner's side knows.
        deals: whether there is something to settle; where there is not, no turn has a move behind it.

    """
    mine = role == learner
    speaker = None if mine or len(names) == 2 else names[role]
    move = said.action if deals else "talk"
    words = "" if said.wordless and move != "talk" else said.text
    text = turn_text(words, move, said.offer, speaker=speaker, names=names)
    return TrajectoryTurn(role="agent" if mine else "user", text=text, tactic=tactic if mine else None)


def read_mark(text: str) -> tuple[str, Move, dict[str, str]]:
    """Return a text without its move, the move, and the offer it makes; the inverse of `mark`."""
    match = _MARK.search(text)
    if match is None:
        return text, "talk", {}
    moves: dict[str, Move] = {
        "offer": "offer",
        "accept": "accept",
        "reject": "reject",
        "walk away": "walk_away",
    }
    pairs = (part.partition("=") for part in (match[2] or "").split(";"))
    offer = {issue.strip(): value.strip() for issue, sign, value in pairs if sign}
    return text[: match.start()], moves[match[1]], offer


def negotiation_system(scenario: "Scenario", learner: int, *, deceptive: bool) -> str:
    """Return what a policy is told before the first turn: the public context and its own brief."""
    role = scenario.roles[learner]
    if not deceptive:
        role = role.model_copy(update={"deceptive_brief": None})
    return brief_for(role, scenario.context, scenario.issues)


@lru_cache
def brief_of(scenario: str) -> str:
    """Return what the agent of a built-in scenario with a simulated user is told, as `negotiation_system`."""
    from negosim.agents.users import user_role
    from negosim.scenarios import load_scenario

    loaded = load_scenario(scenario)
    return negotiation_system(loaded, 1 - (user_role(loaded) or 0), deceptive=False)


def brief_for(role: "Role", context: str, issues: "Sequence[Issue]") -> str:
    """Return the same for a role that has a deceptive brief only where it is to deceive."""
    lines = [f"You are {role.name}, {role.position}. {' '.join(context.split())}"]
    lines.append(" ".join(role.brief.split()))
    if role.deceptive_brief:
        lines.append(" ".join(role.deceptive_brief.split()))
    if not role.payoff.issues:
        return "\n".join(lines)
    lines.append(f"Without a deal: {role.alternative} ({role.payoff.reservation:g} points).")
    for issue in issues:
        ends = issue.values if issue.options is not None else (issue.values[0], issue.values[-1])
        worth = "; ".join(f"{value} = {role.payoff.points(issue, value):g} points" for value in ends)
        lines.append(f"{issue.id}: {worth}.")
    return "\n".join(lines)
