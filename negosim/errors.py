"""The errors of negosim: each class says who can mend it."""

from typing import Literal

__all__ = [
    "BudgetError",
    "ContextLengthError",
    "Fault",
    "ModelError",
    "NegosimError",
    "ProtocolError",
    "UserError",
]

Fault = Literal["request", "credit", "key", "model", "address", "setting", "outage"]
"""What is wrong where a provider failed.

"request": this request alone. All others concern every call there is to come: the account is out of
credit; the key is refused; there is no such model; nothing answers at the URL as a model server does; a
setting that every call carries is refused; the server is gone, or has failed for too long.
"""


class NegosimError(Exception):
    """Base of every error negosim raises on purpose."""

    @property
    def for_record(self) -> str:
        """What records, judgements and logs keep of it: negosim's own words, nobody's that are quoted."""
        return str(self)


class UserError(NegosimError):
    """The user can mend it: the message says what is wrong and what would be right.

    The command line prints it without a traceback and exits with code 2.
    """


class ModelError(NegosimError):
    """The provider failed: unreachable, refused the key, rejected the request."""

    requests: int = 1
    """Requests sent before it was given up: they are part of the account."""
    lost: bool = False
    """Whether the last of them was sent and its answer lost: the provider may charge for it."""

    def __init__(self, message: str, *, fault: Fault = "request", said: str = "") -> None:
        """Say what failed.

        Args:
            message: what is wrong and what to do, in negosim's own words: nothing a server sent.
            fault: what is wrong; decides whether the run stops.
            said: the server's own words, redacted. They are shown to the user and never stored.

        """
        super().__init__(message)
        self.fault: Fault = fault
        self.said = said

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message}; the server says: {self.said}" if self.said else message

    @property
    def for_record(self) -> str:
        """The message without the server's words."""
        return super().__str__()

    @property
    def concerns_all(self) -> bool:
        """Whether every other call would fail likewise: the run stops, and nothing more is burnt."""
        return self.fault != "request"


class ContextLengthError(ModelError):
    """The prompt does not fit the model's context."""


class ProtocolError(NegosimError):
    """A model answered, but not in the form the stage needs (malformed, cut off, refused)."""

    refused: bool = False
    """Whether the model declined to answer, the last time it was asked."""
    cut_off: bool = False
    """Whether its last answer was cut off: less should be asked for at a time."""


class BudgetError(NegosimError):
    """The budget does not allow the next call; the run stops, its unfinished dialogues are not stored."""
