"""LangGraph without the parts of its imports that a run never uses.

LangGraph imports the clients of two web services, langsmith's with 160 modules of types and its own, for
one name each. A seventh of all that a run imports, they are left until something asks for them.
"""

import sys
from contextlib import suppress
from importlib.util import find_spec, module_from_spec
from threading import RLock
from types import ModuleType
from typing import Any

_UNUSED = ("langsmith.types", "langgraph_sdk")
_running = RLock()


class _Postponed(ModuleType):
    """A package whose own code runs when something of it is asked for. Its modules can be imported before.

    `importlib.util.LazyLoader` does the same, but for a package's modules it runs the package first.
    """

    def __getattr__(self, name: str) -> Any:
        with (
            _running
        ):  # other threads wait; what the package's own code asks for while it runs is there or not
            if "_begun" not in vars(self):
                vars(self)["_begun"] = True
                assert self.__spec__ is not None
                assert self.__spec__.loader is not None
                self.__spec__.loader.exec_module(self)
                self.__class__ = ModuleType  # type: ignore[assignment]  # a plain module from now on
        return ModuleType.__getattribute__(self, name)


def postpone_unused() -> None:
    """Have what LangGraph imports and a run doesn't use wait for its first use."""
    for name in _UNUSED:
        if name in sys.modules:
            continue
        with suppress(ModuleNotFoundError):
            spec = find_spec(name)
            if spec is not None:
                module = module_from_spec(spec)
                module.__class__ = _Postponed
                sys.modules[name] = module
                parent, _, child = name.rpartition(".")
                if parent:
                    setattr(sys.modules[parent], child, module)  # as an import does
