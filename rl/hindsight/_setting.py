"""A task as the pipeline needs it: names of its sides, length of its dialogues."""

from collections.abc import Sequence
from dataclasses import dataclass

from negosim.agents.users import KINDS
from negosim.errors import UserError
from negosim.rl._card import Card
from negosim.rl._trajectory import Role, Trajectory, TrajectoryTurn
from negosim.rl.policy_text import words_and_mark
from negosim.scenarios import load_scenario
from negosim.speech import quoted_line, visible, without_tokens

BEFORE = (
    *("task", "problem_type", "emotion_type", "situation", "initial_intensity"),
    *("scenario", "condition", "learner"),
)
"""What is known of a dialogue before its first turn. A regeneration keeps this much of its parent's
`meta`: how the original ended, or what kind of person its user was, is not true of it."""

NEGOTIATION_CAP = 30
"""Turns of both sides together, as in the report (15 each) and by default in `negosim generate`."""

_LABELS = {"donation": ("Worker", "Donor"), "support": ("Supporter", "Seeker")}


@dataclass(frozen=True)
class Setting:
    """One task as the pipeline sees it."""

    task: str
    """"donation", "support", "negotiation"; what else there is is treated like the last."""
    cap: int
    """Most turns of a dialogue, of both sides together."""
    capped: bool
    """Whether the cap belongs to the task: a dialogue that reaches it is over, not cut off."""

    @property
    def labels(self) -> dict[Role, str]:
        """How prompts call the sides."""
        agent, user = _LABELS.get(self.task, ("Agent", "Partner"))
        return {"agent": agent, "user": user}

    def transcript(self, turns: Sequence[TrajectoryTurn]) -> str:
        """Write a dialogue as prompts show it: a line a turn, its words quoted, its move behind them."""
        return "\n".join(f"{self.labels[turn.role]}: {self._shown(turn.text)}" for turn in turns)

    def _shown(self, text: str) -> str:
        if self.task in KINDS:  # no formal moves: whatever stands in brackets was said
            return quoted_line(text)
        words, move = words_and_mark(text)
        return quoted_line(words) + without_tokens(visible(move))

    def unlabelled(self, text: str) -> str:
        """Return a text on one line, without a label of its speaker or quotation marks around it."""
        text = " ".join(text.split())
        for label in (*self.labels.values(), "AI", "H", "A"):
            if text.casefold().startswith(f"{label}:".casefold()):
                text = text[len(label) + 1 :].strip()
        pairs = ('""', "“”", "''", "‘’")
        if len(text) > 1 and any(text[0] + text[-1] == pair and pair[0] not in text[1:-1] for pair in pairs):
            text = text[1:-1].strip()
        return text


def known_setting(task: str) -> Setting:
    """Return the setting of a task that has simulated users: its scenario's."""
    return Setting(task, load_scenario(task).max_turns or NEGOTIATION_CAP, capped=True)


def setting_of(card: Card, dialogues: Sequence[Trajectory]) -> Setting:
    """Return the setting of a set of dialogues.

    Donation and support have the cap of their scenario; for others it is that of negotiations, or the
    length of the longest dialogue if that is more.

    Raises:
        UserError: the dialogues are of several tasks.

    """
    found = {str(dialogue.meta.get("task") or card.origin.task) for dialogue in dialogues}
    if len(found) > 1:
        raise UserError(
            f"the dialogues are of several tasks ({', '.join(sorted(found))}); regenerate each by itself"
        )
    (task,) = found
    if task in KINDS:
        return known_setting(task)
    longest = max(len(dialogue.turns) for dialogue in dialogues)
    return Setting(task, max(NEGOTIATION_CAP, longest), capped=False)
