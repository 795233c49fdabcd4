"""Fused against separate calls: calls, tokens and outcomes.

    python benchmarks/fused.py [--local 4]

Three players: the simulated negotiator (outcomes, all ten scenarios), a fake model that only talks
(calls and tokens of dialogues that run to the cap), and with `--local N` the small language model on
N dialogues (`negosim models get smollm2`; slow on a processor). Intervals are not given: this is a
table of what happened.
"""

import argparse
import platform
import tempfile
from datetime import date
from typing import Any

from engine import fake_answer

from negosim import RunConfig, generate
from negosim.models import ScriptedModel
from negosim.scenarios import list_scenarios, load_scenario


def thinking(request: Any) -> dict[str, Any]:
    """Answer any form, the fused one too."""
    if request.schema_name != "Think":
        return fake_answer(request)
    fields = request.schema["properties"]
    tactics = fields["candidate_1"]["properties"]["tactic"]["enum"]
    sketch = {"utterance": "We could talk about the terms first.", "expected_reply": "We could, yes."}
    candidates = [{"tactic": tactic, **sketch} for tactic in tactics[: len(fields) - 1]]
    return dict(zip(fields, ["I will see what they want.", *candidates], strict=True))


def row(player: str, calls: str, **settings: Any) -> None:
    """Make a run and print its line."""
    models = {"fake": ScriptedModel(thinking)} if player == "fake" else {}
    config = RunConfig(models=(player,), calls=calls, **settings)
    with tempfile.TemporaryDirectory() as folder:
        frame = generate(config, out=f"{folder}/run", chat_models=models, cache=False).to_frame()
    done = frame[frame["status"] == "complete"]
    agreed = done[done["outcome"] == "agreement"]
    print(
        f"| {player} | {calls} | {len(frame)} | {len(frame) - len(done)} | {done['turns'].mean():.1f} "
        f"| {done['calls'].mean():.1f} | {done['tokens_in'].mean():,.0f} | {done['tokens_out'].mean():,.0f} "
        f"| {len(agreed)} | {format(agreed['joint_value'].mean(), '.1f') if len(agreed) else ''} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulated", type=int, default=20, help="simulated dialogues a scenario")
    parser.add_argument("--local", type=int, default=0, help="dialogues of the small language model")
    arguments = parser.parse_args()
    print(f"{date.today()}, Python {platform.python_version()}, {platform.machine()}\n")
    print("| player | calls | dialogues | failed | turns | calls | tokens in | out | agreed | joint value |")
    print("|---|---|" + "---:|" * 8)
    for calls in ("separate", "fused"):
        row(
            "sim",
            calls,
            scenarios=tuple(name for name in list_scenarios() if load_scenario(name).has_deals),
            dialogues=arguments.simulated,
            concurrency=8,
        )
    for calls in ("separate", "fused"):
        row("fake", calls, scenarios=("viatex",), dialogues=5)
    for calls in ("separate", "fused") if arguments.local else ():
        row("local", calls, scenarios=("viatex",), dialogues=arguments.local, max_turns=6)


if __name__ == "__main__":
    main()
