"""Sampling: how a policy speaks. Loads no torch."""

from typing import Annotated

from pydantic import Field

from negosim._frozen import Frozen


class Sampling(Frozen):
    """How a policy speaks."""

    advantage: Annotated[float, Field(ge=0)] | None = None
    """beta: how much Q counts; 0 speaks as the data, None is what the policy was trained with."""
    top_k: Annotated[int, Field(ge=1)] = 20
    """How many of the likeliest tokens are considered."""
    min_p: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Tokens less likely than this share of the likeliest are not considered (Nguyen et al. 2024): where the
    language model is sure of how a word goes on, no Q value can talk it into another; where it is not, all
    that are like are left to choose from."""
    temperature: Annotated[float, Field(ge=0)] = 1.0
    """Applied after the shift; 0 always takes the best."""
    max_tokens: Annotated[int, Field(ge=1)] = 96
    """Most tokens of a turn."""
