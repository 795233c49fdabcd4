"""A measurement: a role's private answer to one measure."""

from typing import Annotated

from pydantic import Field, model_validator

from negosim._frozen import Frozen, unset
from negosim.records._judgement import Status
from negosim.scenarios import Answer, Moment


class Measurement(Frozen):
    """A role's answer to a measure of the scenario. No role ever sees it, its own included."""

    measure: str
    """Id of the measure."""
    role: int
    """Position of the role that was asked."""
    about: Annotated[int | None, Field(exclude_if=unset)] = None
    """Position of the role the question is about, where it is about one."""
    moment: Moment
    turns: int
    """Utterances made before it was asked."""
    status: Status
    """"not_applicable": what plays the role answers no such question."""
    value: Answer | None = None
    """None unless the status is "ok"."""
    reason: str = ""
    """Where the status is not "ok": what was wrong, in negosim's own words."""

    @model_validator(mode="after")
    def _value_only_if_ok(self) -> "Measurement":
        if (self.value is None) == (self.status == "ok"):
            raise ValueError(f"status {self.status!r} does not go with value {self.value!r}")
        return self
