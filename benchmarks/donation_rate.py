"""Simulated donation dialogues a minute of one core: the engine beside `negosim rl simulate`'s own loop.

    python benchmarks/donation_rate.py 1000

Processor time, not wall time; the engine's dialogues come with records, measures and rewards, those of the
last row are stored in a run folder besides.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from negosim import RunConfig, generate
from negosim.agents import AgentContext, agent_factory
from negosim.engine import Participant, continue_dialogue
from negosim.models import ModelSpec
from negosim.rl import run_episodes, sim_agent, sim_users
from negosim.rl.tasks import DONATION
from negosim.scenarios import load_scenario
from negosim.seeding import Seed
from negosim.taxonomies import load_taxonomy
from negosim.views import side_of

MODELS = ("habit:0.3", "user")


def loop(seeds: range) -> None:
    """Play by the loop of `negosim rl simulate`."""
    run_episodes(sim_agent(DONATION), sim_users(DONATION, seeds))


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


def main() -> None:
    """Print a row for each way, after a warm-up."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    ways: dict[str, Callable[[range], None]] = {
        "rl simulate's loop": loop,
        "engine": engine,
        "engine, run folder": run_folder,
    }
    for name, way in ways.items():
        way(range(50))
        started = time.process_time()
        way(range(1_000, 1_000 + count))
        print(f"{name:20} {60 * count / (time.process_time() - started):8,.0f} dialogues a minute")


if __name__ == "__main__":
    main()
