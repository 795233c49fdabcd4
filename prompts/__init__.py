"""Prompts: one Jinja2 template a stage, any of which a folder or an installed pack can override."""

from negosim.prompts._render import (
    JUDGING,
    PARTS,
    STAGES,
    ObserverWriter,
    Prompts,
    PromptWriter,
    Stage,
    Templates,
)

__all__ = ["JUDGING", "PARTS", "STAGES", "ObserverWriter", "PromptWriter", "Prompts", "Stage", "Templates"]
