"""Work in a Ray cluster: two nodes on this machine, one of which is killed in mid-run."""

import asyncio
import importlib.util
import os
import pickle
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import negosim
from negosim.cluster import Perform, Send, TaskTools, connected
from negosim.errors import UserError
from negosim.models import ScriptedModel
from negosim.models.sharing import NOTHING, BudgetActor, LimiterActor, Limits, Spending
from negosim.prompts import Prompts
from negosim.records import Dialogue

MINE = ScriptedModel(lambda request: {})

with_ray = [
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed: negosim[ray]"),
    pytest.mark.xdist_group("ray"),
    pytest.mark.slow,
]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Yield a cluster of two nodes with a core each; the head has none, so that the driver's stays."""
    settings = {"RAY_AUTH_MODE": "disabled", "RAY_worker_niceness": "0", "RAY_USAGE_STATS_ENABLED": "0"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        import ray
        from ray.cluster_utils import Cluster as Nodes

        store = {"object_store_memory": 100 << 20}
        nodes = Nodes(initialize_head=True, head_node_args={"num_cpus": 0, **store})
        nodes.workers = [nodes.add_node(num_cpus=1, **store) for _ in range(2)]
        ray.init(address=nodes.address, log_to_driver=False, configure_logging=False)
        yield nodes
        ray.shutdown()
        nodes.shutdown()


@dataclass(frozen=True)
class SlowWork:
    """Tells that it has begun an item, then takes a while."""

    log: Path

    @asynccontextmanager
    async def opened(self, tools: TaskTools) -> AsyncIterator[Perform]:
        async def perform(item: int, send: Send) -> tuple[int, int]:
            send("begun")
            with self.log.open("a") as log:
                log.write(f"{item} {os.getpid()}\n")
            await asyncio.sleep(0.15)
            return item, os.getpid()

        yield perform


def said(dialogue: Dialogue) -> dict[str, Any]:
    """Return what is in a dialogue but for how long it took."""
    return dialogue.model_dump(exclude={"seconds", "account", "calls"})


class TestTwoNodes:
    """One cluster for all of it, as it takes seconds to begin; the last test kills a node."""

    pytestmark = with_ray

    def test_a_run_is_as_on_one_machine(self, nodes: Any, tmp_path: Path) -> None:
        config = negosim.RunConfig(scenarios="viatex", seed=3, dialogues=4)
        here = negosim.generate(config, out=tmp_path / "here")
        there = negosim.generate(config, out=tmp_path / "there", ray="auto")
        assert {one.id: said(one) for one in there} == {one.id: said(one) for one in here}
        negosim.judge(there, judges=["oracle"], questions=["agreement"], ray="auto")
        assert len({sheet.dialogue for sheet in there.judgements()}) == 4
        resumed = negosim.resume(there.path, ray="auto")
        assert len(list(resumed)) == 4

    def test_a_killed_nodes_items_are_done_elsewhere_and_none_twice(self, nodes: Any, tmp_path: Path) -> None:
        received, seen = [], []
        log = tmp_path / "log"

        async def work() -> None:
            with connected("auto") as cluster:
                ready: set[int] = set()
                for _ in range(50):
                    if len(ready) == 2:  # both nodes have a worker
                        break
                    async for one in cluster.perform(SlowWork(log), range(8), count=8, concurrency=2):
                        ready |= {one.content[1]} if one.done else set()
                log.write_text("")
                async for one in cluster.perform(SlowWork(log), range(24), count=24, concurrency=2):
                    if one.done:
                        received.append(one.content)
                        seen.append(one.item)
                    if len({process for _, process in received}) == 2 and len(nodes.worker_nodes) == 2:
                        nodes.remove_node(nodes.workers[1], allow_graceful=False)

        asyncio.run(work())
        begun = [int(line.split()[0]) for line in log.read_text().splitlines()]
        assert sorted(seen) == [number for number, _ in sorted(received)] == list(range(24))
        assert len(begun) > 24, "nothing was lost: the node was not in the middle of anything"
        assert len({process for _, process in received}) == 2


class TestWithoutRay:
    def test_the_error_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
        with pytest.raises(UserError, match=r"pip install 'negosim\[ray\]'"):
            negosim.generate(negosim.RunConfig(scenarios="viatex"), out=tmp_path / "run", ray="auto")
        assert not (tmp_path / "run").exists()

    def test_all_else_works(self, tmp_path: Path) -> None:
        code = (
            "import sys; sys.modules['ray'] = None; import negosim, negosim.rl, negosim.rl.hindsight\n"
            "run = negosim.generate(negosim.RunConfig(scenarios='viatex', max_turns=2), out='run')\n"
            "negosim.judge(run, judges=['oracle'], questions=['agreement'])"
        )
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)

    @pytest.mark.parametrize(
        ("config", "arguments", "why"),
        [
            ({"models": "human"}, {}, "needs a seat"),
            ({"models": "gguf:there.gguf"}, {}, "runs in this process"),
            ({}, {"workers": 2}, "leave one of them out"),
            (
                {"models": "mine"},
                {"chat_models": {"mine": MINE}},
                "Python objects",
            ),
        ],
    )
    def test_what_is_bound_to_this_process_is_refused(
        self, config: dict[str, Any], arguments: dict[str, Any], why: str, tmp_path: Path
    ) -> None:
        asked = negosim.RunConfig(scenarios="viatex", planner="direct", **config)
        with pytest.raises(UserError, match=why):
            negosim.generate(asked, out=tmp_path / "run", ray="auto", **arguments)
        assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("address", ["nowhere", "host:0", "host:port", "ray://host:10001", "127.0.0.1:1"])
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed: negosim[ray]")
def test_what_is_no_cluster_is_named(address: str) -> None:
    with pytest.raises(UserError, match=address), connected(address):
        pass


def test_templates_go_along_without_their_files(tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "speak.j2").write_text("{% include '_own.j2' %}")
    (folder / "_own.j2").write_text("Your turn.")
    prompts = Prompts("viatex", str(folder))
    assert prompts.render("speak", {}) == "Your turn."
    sent = pickle.dumps(prompts)
    for file in folder.iterdir():
        file.unlink()
    assert pickle.loads(sent).render("speak", {}) == "Your turn."


class TestSharedLimits:
    async def test_what_a_lost_task_held_is_given_back(self) -> None:
        limiter = LimiterActor()
        await limiter.tighten("m", Limits(max_in_flight=1))
        await limiter.enter(1, "m", 10)
        late = asyncio.create_task(limiter.enter(1, "m", 10))
        other = asyncio.create_task(limiter.enter(2, "m", 10))
        await asyncio.sleep(0)
        await limiter.end(1)
        with pytest.raises(LookupError):
            await late
        await other
        await limiter.leave(1, "m")  # comes too late, and frees nothing
        third = asyncio.create_task(limiter.enter(3, "m", 10))
        await asyncio.sleep(0.01)
        assert not third.done()
        await limiter.leave(2, "m")
        await third

    async def test_what_a_lost_task_reserved_counts_as_spent(self) -> None:
        budget = BudgetActor(None, 100, NOTHING, lambda: None)
        assert await budget.reserve(1, Spending(40, 0)) is None
        assert await budget.reserve(2, Spending(40, 0)) is None
        await budget.settle(2, Spending(40, 0), Spending(10, 0))
        assert (await budget.end(1)).tokens == 50
        await budget.settle(1, Spending(40, 0), Spending(1, 0))
        assert (await budget.end(0)).tokens == 50
        refused = await budget.reserve(3, Spending(60, 0))
        assert refused is not None
        assert "used up" in refused
