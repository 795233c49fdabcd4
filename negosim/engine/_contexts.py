"""Contexts of models in this process, sized by what the run's dialogues can need."""

from collections.abc import Mapping

from negosim.engine._events import ModelSized, Watcher
from negosim.engine._plan import Plan
from negosim.engine._rehearsal import rehearse
from negosim.models import ModelSpec, is_sized, sized


async def sized_models(plan: Plan, watch: Watcher) -> Mapping[str, ModelSpec]:
    """Return the plan's models, those in this process with as much context as its dialogues can need.

    What they can need is that of a rehearsal to the cap with texts as long as their forms allow; a context
    that was set by hand stays. Who watches is told what was chosen.

    Raises:
        UserError: a model's file is missing.

    """
    open_ended = [name for name, spec in plan.specs.items() if is_sized(spec) and spec.context is None]
    needed = await _needed(plan) if open_ended else {}
    specs = dict(plan.specs)
    for name in open_ended:
        if name in needed:
            specs[name], choice = sized(specs[name], needed[name])
            watch(ModelSized(specs[name].name, choice))
    return specs


async def _needed(plan: Plan) -> Mapping[str, int]:
    """Return the tokens of the longest call to each model, by the name given."""
    kinds = {(job.scenario, job.condition, job.models): job for job in plan.jobs}
    most: dict[str, int] = {}
    for job in kinds.values():
        for name, tokens in (await rehearse(plan, job, longest=True)).most_context.items():
            most[name] = max(most.get(name, 0), tokens)
    return most
