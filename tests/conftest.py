"""Fixtures of every test: no key, no network but loopback, folders of its own."""

import importlib.util
import ipaddress
import math
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

# Tests run beside each other: more threads than processors wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from negosim.errors import UserError
from negosim.models import fetch

ROOT = Path(__file__).resolve().parent.parent

# Unix time after which what has not begun is skipped: for a CI that ends what takes too long.
TESTS_UNTIL = float(os.environ.get("TESTS_UNTIL") or "inf")
OUT_OF_TIME = "not run: the time given to the tests was over"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long last where time is bounded."""
    if math.isfinite(TESTS_UNTIL):
        items.sort(key=lambda item: any(item.iter_markers("slow")) or any(item.iter_markers("real_model")))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    if time.time() > TESTS_UNTIL:
        pytest.skip(OUT_OF_TIME)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say loudly how much was left out."""
    left = sum(OUT_OF_TIME in str(report.longrepr) for report in terminalreporter.stats.get("skipped", []))
    if left:
        terminalreporter.section(f"{left} tests NOT RUN: the time given (TESTS_UNTIL) was over", sep="!")


def _is_loopback(host: Any) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def _sealed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep a test from a real model, the network, and the developer's cache and runs.

    Subprocesses inherit the environment and the folder, not the block on sockets.
    """
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "NEGOSIM_")) or name.lower() in (
            "http_proxy",
            "https_proxy",
            "all_proxy",
        ):
            monkeypatch.delenv(name)
    # A server that fails is given up at once, not after a minute.
    monkeypatch.setattr("negosim.models._limiter.SILENCE", 0.0)
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    home = tmp_path / "cwd"
    home.mkdir()
    monkeypatch.chdir(home)

    connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            pytest.fail(f"a test tried to reach {address[0]}; tests talk to loopback only")
        connect(self, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_loopback(host):
            pytest.fail(f"a test tried to look up {host}; tests talk to loopback only")
        return getaddrinfo(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)


@pytest.fixture(scope="session")
def benchmark_module() -> Callable[[str], ModuleType]:
    """Return a function that imports a script of `benchmarks/` by its name, once, as if it were run there."""

    def load(script: str) -> ModuleType:
        name = f"negosim_{script}"
        if name not in sys.modules:
            spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{script}.py")
            assert spec is not None
            assert spec.loader is not None
            module = sys.modules[name] = importlib.util.module_from_spec(spec)
            with pytest.MonkeyPatch.context() as patch:
                patch.syspath_prepend(ROOT / "benchmarks")
                spec.loader.exec_module(module)
        return sys.modules[name]

    return load


@pytest.fixture(scope="session")
def loopback(benchmark_module: Callable[[str], ModuleType]) -> ModuleType:
    """The fake model server: `with loopback.LoopbackServer(lambda body: ...) as server`."""
    return benchmark_module("loopback_server")


@pytest.fixture(scope="session")
def _smollm2_in_user_cache() -> Path:
    try:
        return fetch("smollm2")
    except UserError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"the small model is not to be had here: {error}")


@pytest.fixture
def smollm2(_smollm2_in_user_cache: Path, _sealed: None) -> Path:
    """The real small model, also found as `local`: its path.

    Mark such tests `real_model` and `xdist_group("real_model")`: one process then loads it once.
    """
    place = Path(os.environ["XDG_CACHE_HOME"]) / "negosim" / "models" / "smollm2.gguf"
    place.parent.mkdir(parents=True)
    place.symlink_to(_smollm2_in_user_cache)
    return _smollm2_in_user_cache
