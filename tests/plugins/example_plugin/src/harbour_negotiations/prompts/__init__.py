"""Prompt templates of this package; those in a folder named like a scenario hold for it alone."""
