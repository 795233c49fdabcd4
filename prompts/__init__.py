"""Prompts: one Jinja2 template a stage, any of which a folder or an installed pack can override."""

from negosim.prompts._render import (
    JUDGING,
    PARTS,
    STAGES,
    ObserverWriter,
    Prompts,
    PromptWriter,
    Stage,
)
from negosim.prompts._templates import Place, Templates

__all__ = [
    "JUDGING",
    "PARTS",
    "STAGES",
    "ObserverWriter",
    "Place",
    "PromptWriter",
    "Prompts",
    "Stage",
    "Templates",
]
