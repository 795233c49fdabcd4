"""The forms chat models answer in."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from negosim.rl.hindsight._protocol import PLACES

Line = Annotated[str, Field(min_length=1, max_length=2000)]


class _HindsightAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class ImprovementAnswer(_HindsightAnswer):
    """One place where the agent could have done better."""

    said: Line
    why: Annotated[str, Field(max_length=1000)]
    better: Line


class ControllerAnswer(_HindsightAnswer):
    """What a controller is asked for."""

    places: Annotated[list[ImprovementAnswer], Field(min_length=1, max_length=PLACES)]


class SpokenLine(_HindsightAnswer):
    """One line of a completion."""

    speaker: Literal["agent", "user"]
    text: Line


class ForwardAnswer(_HindsightAnswer):
    """What a forward model is asked for."""

    lines: Annotated[list[SpokenLine], Field(min_length=1, max_length=200)]
    ended: bool


class Finished(_HindsightAnswer):
    """Whether a dialogue came to a decision: the first step for donations."""

    finished: bool


class DonationAnswer(_HindsightAnswer):
    """The donation in dollars: the second step."""

    dollars: Annotated[float, Field(ge=0, le=2)]


class Intensity(_HindsightAnswer):
    """The final emotional intensity of the one who sought help."""

    final: Annotated[int, Field(ge=1, le=5)]


class ScoreAnswer(_HindsightAnswer):
    """The reward of any other dialogue, where it is finished."""

    finished: bool
    score: float | None
