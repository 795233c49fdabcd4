"""Prompts: Jinja2 templates of all that models are asked; a folder or a pack can override any of them."""

from negosim.prompts._packs import AREAS, area_templates, unused
from negosim.prompts._render import (
    IMAGINED,
    JUDGING,
    PARTS,
    STAGES,
    USERS,
    NotesWriter,
    ObserverWriter,
    Prompts,
    PromptWriter,
    Stage,
)
from negosim.prompts._templates import TemplateFolder, Templates

__all__ = [
    "AREAS",
    "IMAGINED",
    "JUDGING",
    "PARTS",
    "STAGES",
    "USERS",
    "NotesWriter",
    "ObserverWriter",
    "PromptWriter",
    "Prompts",
    "Stage",
    "TemplateFolder",
    "Templates",
    "area_templates",
    "unused",
]
