"""Colours of speakers, one a role."""

SPEAKER_COLOURS = ("#2f8fd8", "#d98200", "#009e73", "#cc79a7")
"""One a role, after Okabe and Ito: blue and orange stay apart for every kind of colour vision, and
both are legible on black and on white."""


def colour(role: int) -> str:
    """Return the colour of a role."""
    return SPEAKER_COLOURS[role % len(SPEAKER_COLOURS)]
