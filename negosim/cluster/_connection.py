"""Connection to a Ray cluster: one that runs, or one of this machine's cores that is begun for the purpose.

Ray is imported only here and in what this imports: without `--ray` it need not be installed.
"""

import importlib
import importlib.util
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from negosim.cluster._work import Item, Received, Work
from negosim.errors import UserError
from negosim.models import Budget

logger = logging.getLogger(__name__)

AUTO, LOCAL = "auto", "local"
"""A cluster that `RAY_ADDRESS` names or that runs on this machine, else one begun here; one begun here."""
STORE_BYTES = 200 << 20
"""Shared memory of a cluster that is begun here; dialogues are small and do not stay in it."""
SECONDS_TO_ANSWER = 5.0
CORES_MISSING = "the Ray cluster has no CPU to give; start a node with some: ray start --num-cpus=N"


@dataclass(frozen=True)
class Cluster:
    """A Ray cluster this process is connected to."""

    @property
    def cores(self) -> int:
        """CPUs it has now."""
        return int(_ray().cluster_resources().get("CPU", 0))

    def perform(
        self,
        work: Work,
        items: Iterable[Item],
        *,
        count: int,
        concurrency: int | None,
        cache: bool = False,
        budget: Budget | None = None,
        renew: Callable[[Item], Item] = lambda item: item,
    ) -> AsyncIterator[Received]:
        """Do work in the cluster; yield what comes of it, in the order it comes.

        Items that were lost with a process or a machine are done again; none is received twice.

        Args:
            work: what is done with every item.
            items: read as there is room for them.
            count: how many there are, about.
            concurrency: items at once, in the whole cluster, of work that waits for model servers; None for
                work that needs the processor alone: then every core does one at a time.
            cache: whether models' answers come from this user's cache and are kept there.
            budget: what all calls together may use.
            renew: returns an item as it is to be done now, whenever it is sent.

        Raises:
            NegosimError: as the work raises it; all else is given up.
            UserError: the other machines cannot do such work, or an item is lost again and again.

        """
        from negosim.cluster._tasks import Tasks

        if self.cores < 1:
            raise UserError(CORES_MISSING)
        tasks = Tasks(
            work,
            count=count,
            cores=self.cores,
            concurrency=concurrency,
            cache=cache,
            budget=budget,
            renew=renew,
        )
        return tasks.perform(items)


@contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """Connect to a Ray cluster, and leave it at the end; one that was begun for this ends with it.

    Where this process is connected already, that is used, and stays.

    Args:
        address: HOST:PORT of a cluster's head, "auto" or "local".

    Raises:
        UserError: Ray is not installed, or there is no such cluster.

    """
    ray = _ray()
    _check_address(address)
    if ray.is_initialized():
        yield Cluster()
        return
    where = None if address == AUTO else address
    settings: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
    try:
        if where is None and not _runs_here():
            logger.info("no Ray cluster runs here: one is begun with this machine's cores")
            where = LOCAL
        if where == LOCAL:
            ray.init(address=LOCAL, object_store_memory=STORE_BYTES, include_dashboard=False, **settings)
        else:
            ray.init(address=where or AUTO, **settings)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise UserError(
            f"no Ray cluster at {address!r}: {str(error).strip().splitlines()[0]}; start one with ray start "
            "--head, or use --ray local"
        ) from None
    try:
        yield Cluster()
    finally:
        ray.shutdown()


def refuse_objects(*given: object) -> None:
    """Refuse what was given as objects of this process where other machines are to use it.

    Raises:
        UserError: something was.

    """
    if any(given):
        raise UserError(
            "models and agents given as Python objects cannot go to a Ray cluster; name them (a plugin "
            "that is installed on every node has a name), or leave ray out"
        )


def _ray() -> Any:
    spec = importlib.util.find_spec("ray")
    if spec is None or spec.origin is None:  # a folder of that name is no Ray
        raise UserError("--ray needs Ray; run: pip install 'negosim[ray]'")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    import ray

    return ray


def _check_address(address: str) -> None:
    if address in (AUTO, LOCAL):
        return
    host, colon, port = address.rpartition(":")
    if "://" in address:
        raise UserError(
            f"{address!r}: dialogues are stored where negosim runs, so it runs on a node of the cluster; "
            "there, use --ray auto"
        )
    if not (host and colon and port.isdecimal() and 0 < int(port) < 65_536):
        raise UserError(f"{address!r} is no Ray cluster; write HOST:PORT of its head, auto, or local")
    try:
        socket.create_connection((host.strip("[]"), int(port)), SECONDS_TO_ANSWER).close()
    except OSError as error:
        why = error.strerror or "no answer"
        raise UserError(
            f"no Ray cluster at {address!r}: {why}; start one with ray start --head, or use --ray local"
        ) from None


def _runs_here() -> bool:
    """Return whether a cluster is named in the environment, or was begun on this machine and still runs."""
    if os.environ.get("RAY_ADDRESS"):
        return True
    services = importlib.import_module("ray._private.services")
    return bool(services.find_gcs_addresses())
