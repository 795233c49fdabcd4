"""Judges: questions, who answers them, and what they say about a run."""
