"""Make a run in child processes that are killed at random instants, until it is finished.

    python killed_run.py FOLDER KILLS PLAYER

Prints one JSON object: kills survived and calls made, in all processes together.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

from negosim import Run, RunConfig, UserError, generate, resume
from negosim.models import ChatRequest, ScriptedModel

CONFIG: dict[str, Any] = {
    "scenarios": ("viatex",),
    "conditions": ("honest", "deceptive-2"),
    "max_turns": 8,
    "dialogues": 20,
    "concurrency": 3,
}


def config(player: str) -> RunConfig:
    return RunConfig(**CONFIG, models=(player,))


def scripted(log: Path) -> ScriptedModel:
    """A model whose answers depend on the request alone, and which writes down every call."""

    def answer(request: ChatRequest) -> dict[str, Any]:
        with log.open("a") as file:
            file.write(f"{request.schema_name}\n")
        rng = random.Random(f"{request.seed} {request.messages}")
        fields = request.schema["properties"]
        words = f"Let us look at point {rng.randrange(10**9)}."
        if request.schema_name == "Tactics":
            return dict(zip(fields, rng.sample(fields["tactic_1"]["enum"], len(fields)), strict=True))
        if request.schema_name == "Judge":
            return {name: {"reason": words, "score": rng.randint(0, 10)} for name in fields}
        if request.schema_name == "Speak":
            return {"utterance": words, "move": {"action": "talk", "offer": None}}
        return (
            {"concluded": False} if request.schema_name == "ConcludeAnswer" else dict.fromkeys(fields, words)
        )

    return ScriptedModel(answer, name="scripted")


def make(folder: Path, player: str) -> None:
    models = {"scripted": scripted(folder.with_suffix(".log"))}
    if (folder / "run.json").exists():
        resume(folder, chat_models=models)
    else:
        generate(config(player), out=folder, chat_models=models)


def main() -> None:
    folder, kills, player = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    rng, done, finished = random.Random(0), 0, False
    while not finished:
        child = os.fork()
        if child == 0:
            try:
                make(folder, player)
            except UserError as error:
                print(error, file=sys.stderr)
                os._exit(2)
            os._exit(0)
        if done < kills:
            time.sleep(rng.uniform(0.01, 0.12))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            done += 1
        elif os.WEXITSTATUS(status):
            sys.exit(1)
        else:
            finished = True
    log = folder.with_suffix(".log")
    calls = len(log.read_text().splitlines()) if log.exists() else 0
    print(json.dumps({"kills": done, "calls": calls, "stored": len(Run.open(folder))}))


if __name__ == "__main__":
    main()
