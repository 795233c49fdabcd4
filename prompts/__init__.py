"""Prompts: one Jinja2 template a stage."""
