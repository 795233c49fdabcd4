"""negosim: make, store and read negotiations between agents with private briefs.

```python
import negosim

run = negosim.generate(negosim.RunConfig(scenarios=["viatex"], conditions=["deceptive-2"]))
for dialogue in run:
    print(dialogue.id, dialogue.outcome.status)
```
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from negosim.config import RunConfig
    from negosim.engine import generate, generate_async, resume, resume_async
    from negosim.errors import BudgetError, ModelError, NegosimError, ProtocolError, UserError
    from negosim.importing import import_dialogues
    from negosim.judging import judge, judge_async
    from negosim.models import Budget, ModelSpec
    from negosim.records import Condition, Dialogue
    from negosim.scenarios import Scenario, load_scenario
    from negosim.store import Run, list_runs
    from negosim.taxonomies import Taxonomy, load_taxonomy

_HOMES = {
    "negosim.config": ("RunConfig",),
    "negosim.engine": ("generate", "generate_async", "resume", "resume_async"),
    "negosim.errors": ("BudgetError", "ModelError", "NegosimError", "ProtocolError", "UserError"),
    "negosim.importing": ("import_dialogues",),
    "negosim.judging": ("judge", "judge_async"),
    "negosim.models": ("Budget", "ModelSpec"),
    "negosim.records": ("Condition", "Dialogue"),
    "negosim.scenarios": ("Scenario", "load_scenario"),
    "negosim.store": ("Run", "list_runs"),
    "negosim.taxonomies": ("Taxonomy", "load_taxonomy"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Budget",
    "BudgetError",
    "Condition",
    "Dialogue",
    "ModelError",
    "ModelSpec",
    "NegosimError",
    "ProtocolError",
    "Run",
    "RunConfig",
    "Scenario",
    "Taxonomy",
    "UserError",
    "generate",
    "generate_async",
    "import_dialogues",
    "judge",
    "judge_async",
    "list_runs",
    "load_scenario",
    "load_taxonomy",
    "resume",
    "resume_async",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import negosim` costs nothing."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'negosim' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
