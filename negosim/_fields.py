"""The field types that the files people write have in common."""

from typing import Annotated

from pydantic import Field, StringConstraints

__all__ = ["Number", "Slug", "Text"]

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
"""An id: lower-case letters, digits and single hyphens."""

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]

Number = Annotated[float, Field(ge=-1e12, le=1e12)]
"""A finite number of a size whose sums and steps keep their precision."""
