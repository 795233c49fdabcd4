"""Prompts: one Jinja2 template a stage, any of which a folder or an installed pack can override."""

from negosim.prompts._render import PARTS, STAGES, Prompts, PromptWriter, Stage

__all__ = ["PARTS", "STAGES", "PromptWriter", "Prompts", "Stage"]
