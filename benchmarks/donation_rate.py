"""Simulated donation dialogues a minute of one core: the participants alone, the engine, a whole corpus.

    python benchmarks/donation_rate.py 1000

Processor time, not wall time. The engine's dialogues come with records, measures and rewards; the third row
stores them in a run folder, the last is `negosim rl simulate`: from there to trajectories with a data card.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from negosim import RunConfig, generate
from negosim.agents import AgentContext, agent_factory
from negosim.agents.users import DONATION, Line, Transcript, sim_agent, sim_users
from negosim.engine import Participant, continue_dialogue
from negosim.models import ModelSpec
from negosim.rl import simulate
from negosim.scenarios import load_scenario
from negosim.seeding import Seed
from negosim.taxonomies import load_taxonomy
from negosim.views import side_of

MODELS = ("habit:0.3", "user")


def alone(seeds: range) -> None:
    """Let user and agent talk with nothing around them: what the engine is measured against."""
    agent = sim_agent(DONATION)
    for user in sim_users(DONATION, seeds):
        turns: list[Line] = []
        for _ in range(10):
            turns.append(Line("agent", agent.speak(Transcript(user.id, None, turns))))
            reply = user.reply(Transcript(user.id, None, turns))
            turns.append(Line("user", reply.text or ""))
            if reply.end:
                break


def engine(seeds: range) -> None:
    """Play by the engine, in memory."""

    async def play() -> None:
        for index in seeds:
            await continue_dialogue(scenario, [], [seated(role, index) for role in (0, 1)])

    scenario = load_scenario("donation")
    tactics, techniques = load_taxonomy("persuasion"), load_taxonomy("deception")

    def seated(role: int, index: int) -> Participant:
        side = side_of(
            scenario,
            role,
            deceptive=False,
            opener=scenario.opener_index,
            max_turns=scenario.max_turns or 0,
            tactics=tactics,
            techniques=techniques,
            seed=Seed(0, "donation", index),
        )
        spec = ModelSpec.parse(MODELS[role])
        agent = agent_factory(spec.kind).make(AgentContext(spec, side))
        return Participant(agent, agent, side)  # type: ignore[arg-type]

    asyncio.run(play())


def run_folder(seeds: range) -> None:
    """Play by `generate`, into a run folder."""
    with tempfile.TemporaryDirectory() as folder:
        config = RunConfig(scenarios="donation", models=MODELS, dialogues=len(seeds), seed=seeds.start)
        generate(config, out=Path(folder) / "run")


def corpus(seeds: range) -> None:
    """Simulate a corpus."""
    with tempfile.TemporaryDirectory() as folder:
        simulate("donation", Path(folder) / "corpus", dialogues=len(seeds), seed=seeds.start)


def main() -> None:
    """Print a row for each way, after a warm-up."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    ways: dict[str, Callable[[range], None]] = {
        "nothing around them": alone,
        "engine": engine,
        "engine, run folder": run_folder,
        "rl simulate": corpus,
    }
    for name, way in ways.items():
        way(range(50))
        started = time.process_time()
        way(range(1_000, 1_000 + count))
        print(f"{name:20} {60 * count / (time.process_time() - started):8,.0f} dialogues a minute")


if __name__ == "__main__":
    main()
