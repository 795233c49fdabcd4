"""The field types that the files people write have in common."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from negosim.speech import quoted

__all__ = ["Name", "Number", "Slug", "Text", "plain_words"]


def plain_words(text: str) -> str:
    """Return a text that stands for itself wherever it is shown.

    Raises:
        ValueError: it has several lines, square brackets, or marks that nobody can see.

    """
    if quoted(text) != text:
        raise ValueError("use plain words on one line, without brackets like [] and <> or hidden characters")
    return text


SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
Slug = Annotated[str, StringConstraints(pattern=SLUG)]
"""An id: lower-case letters, digits and single hyphens."""

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]

Name = Annotated[Text, AfterValidator(plain_words)]
"""What is put between other words, or names one who speaks: plain words on one line."""

Number = Annotated[float, Field(ge=-1e12, le=1e12)]
"""A finite number of a size whose sums and steps keep their precision."""
