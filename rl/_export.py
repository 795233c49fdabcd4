"""Trajectories as TRL's trainers read them: whole dialogues, preference pairs, single judged turns.

Formats: https://huggingface.co/docs/trl/dataset_formats, one JSON object a line.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import orjson

from negosim._files import whole_file
from negosim.errors import UserError
from negosim.rl._io import read_trajectories
from negosim.rl._opening import assistant_begins, fold_opening
from negosim.rl._trajectory import Split, Trajectory, TrajectoryTurn
from negosim.speech import without_tokens

To = Literal["sft", "dpo", "kto"]

Row = dict[str, Any]

_ROLES = {"agent": "assistant", "user": "user"}

_SPEAKS_NEXT = {"role": "assistant", "content": ""}
"""Who comes after a prompt."""


@dataclass
class Exported:
    """What an export came to."""

    rows: int = 0
    pairs: int = 0
    """Preference pairs, of which a KTO row is half; 0 for SFT."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Regenerations that gave no pair, by reason."""
    assistant_first: int = 0
    """Rows that the assistant begins: chat templates that want the user first refuse them."""


def export(
    trajectories: str | Path,
    out: str | Path,
    *,
    to: To,
    split: Split | None = "train",
    begin: Literal["user"] | None = None,
) -> Exported:
    """Write a folder of trajectories to one JSONL file for TRL; it appears whole or not at all.

    - "sft": `{"messages": [...]}`, a row for each dialogue.
    - "dpo": `{"prompt": [...], "chosen": [...], "rejected": [...]}`, a row for each regeneration: what
      the agent said (rejected) and what hindsight has put in its place (chosen), after the same prompt.
    - "kto": `{"prompt": [...], "completion": [...], "label": true or false}`, the same turns by themselves.

    A regeneration that earned less than its original is no evidence for its turn and gives no pair.

    Args:
        trajectories: the folder.
        out: the file to make.
        to: the format.
        split: export these only; None: all.
        begin: "user" puts the system prompt at the head of the first user turn, a neutral one where the
            agent speaks first, for chat templates that refuse others; None leaves dialogues as they are.

    Returns:
        How many rows and pairs were written, and what gave none.

    Raises:
        UserError: the file is there already or cannot be written, the folder is wrong, there is nothing
            to export, or a regeneration's original is not in the folder.

    Examples:
        >>> from negosim.rl import export
        >>> written = export("trajectories", "sft.jsonl", to="sft", split=None)

    """
    target = Path(out).expanduser()
    if target.exists():
        raise UserError(f"{str(out)!r} is there already; choose another --out or remove it")
    found = list(read_trajectories(trajectories, split=split))
    done = Exported()
    rows = map(_conversation, found) if to == "sft" else _preferences(found, done, paired=to == "dpo")
    with whole_file(target) as part, part.open("wb") as file:
        for row in rows:
            opening = "messages" if to == "sft" else "prompt"
            if begin == "user":
                row[opening] = fold_opening(row[opening])
            done.assistant_first += assistant_begins([*row[opening], _SPEAKS_NEXT])
            file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            done.rows += 1
        if done.rows == 0:
            raise UserError(_nothing(trajectories, to, found, split))
    return done


def _nothing(trajectories: str | Path, to: To, found: Sequence[Trajectory], split: Split | None) -> str:
    if not found:
        return f"{str(trajectories)!r} has no trajectories of the split {split!r}; name another with --split"
    if any(one.ancestry is not None for one in found):
        return f"--to {to}: no regeneration of {str(trajectories)!r} earned as much as its original"
    return (
        f"--to {to} needs regenerations with their originals, and {str(trajectories)!r} has none; "
        "make them with: negosim rl hindsight"
    )


def _conversation(trajectory: Trajectory) -> Row:
    return {"messages": _messages(trajectory.system, trajectory.turns)}


def _messages(system: str | None, turns: Iterable[TrajectoryTurn]) -> list[dict[str, str]]:
    first = [{"role": "system", "content": system}] if system else []
    # Trainers tokenise a dialogue as one text, in which what was said must not pass for a control token.
    return first + [{"role": _ROLES[turn.role], "content": without_tokens(turn.text)} for turn in turns]


def _preferences(found: Sequence[Trajectory], done: Exported, *, paired: bool) -> Iterator[Row]:
    originals = {one.id: one for one in found if one.ancestry is None}
    seen: set[bytes] = set()
    for one in found:
        if one.ancestry is None:
            continue
        parent = originals.get(str(one.ancestry.get("parent")))
        if parent is None:
            raise UserError(
                f"{one.id}: its original {one.ancestry.get('parent')!r} is not among the trajectories; "
                "export the folder that negosim rl hindsight made"
            )
        if one.total_reward < parent.total_reward:
            reason = "it earned less than its original"
            done.left_out[reason] = done.left_out.get(reason, 0) + 1
            continue
        done.pairs += 1
        turn = int(one.ancestry["turn"])
        prompt = _messages(one.system, one.turns[:turn])
        better, worse = _messages(None, [one.turns[turn]]), _messages(None, [parent.turns[turn]])
        if paired:
            yield {"prompt": prompt, "chosen": better, "rejected": worse}
            continue
        for completion, label in ((better, True), (worse, False)):
            row = {"prompt": prompt, "completion": completion, "label": label}
            # The original turn is the same in all pairs of one place.
            if (key := orjson.dumps(row)) not in seen:
                seen.add(key)
                yield row
