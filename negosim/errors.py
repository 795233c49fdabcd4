"""The errors of negosim: each class says who can mend it."""

__all__ = ["BudgetError", "ContextLengthError", "ModelError", "NegosimError", "ProtocolError", "UserError"]


class NegosimError(Exception):
    """Base of every error negosim raises on purpose."""


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
    permanent: bool = False
    """Whether every other call would fail likewise (a refused key, an unknown model, a server that is
    gone): the run stops."""


class ContextLengthError(ModelError):
    """The prompt does not fit the model's context."""


class ProtocolError(NegosimError):
    """A model answered, but not in the form the stage needs (malformed, cut off, refused)."""

    refused: bool = False
    """Whether the model declined to answer, the last time it was asked."""


class BudgetError(NegosimError):
    """The budget does not allow the next call; the run stops, its unfinished dialogues are not stored."""
