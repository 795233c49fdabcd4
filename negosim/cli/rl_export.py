"""`negosim rl export`: trajectories for other trainers."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from negosim._text import plural
from negosim.rl import export as write


def export(
    trajectories: Annotated[
        Path,
        typer.Argument(metavar="TRAJ", help="Folder of trajectories; for dpo and kto a regenerated one."),
    ],
    to: Annotated[
        Literal["sft", "dpo", "kto"],
        typer.Option(help="TRL's conversational format: whole dialogues, pairs of turns, or single turns."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="JSONL file to make.")],
    split: Annotated[
        Literal["train", "validation", "test", "all"], typer.Option(help="Which dialogues.")
    ] = "train",
    begin: Annotated[
        Literal["user"] | None,
        typer.Option(
            help="user: begin with a user turn that has the system prompt, neutral where the agent begins.",
            show_default="as the dialogues do",
        ),
    ] = None,
) -> None:
    """Write trajectories in TRL's conversational SFT, DPO or KTO format, a JSON object a line.

    For dpo and kto, the turn that hindsight has put in place is preferred to the one that was said.
    """
    done = write(trajectories, out, to=to, split=None if split == "all" else split, begin=begin)
    pairs = f" from {plural(done.pairs, 'pair')}" if to == "kto" else ""
    typer.echo(f"{plural(done.rows, 'row')}{pairs} in {out}")
    for reason, count in done.left_out.items():
        typer.echo(f"left out {plural(count, 'regeneration')}: {reason}")
    if done.assistant_first:
        typer.echo(
            f"{done.assistant_first:,} of {plural(done.rows, 'row')} begin with the assistant, which chat "
            "templates that want the user first (Gemma, Mistral, Llama 2) refuse; for those: --begin user",
            err=True,
        )
