"""Models as users give them: a name, a spec, or a model of LangChain's."""

from typing import TYPE_CHECKING, Any, TypeAlias, Union

from negosim.models._langchain_objects import is_chat_object, name_of_object
from negosim.models._spec import ModelSpec

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

GivenModel: TypeAlias = Union[str, ModelSpec, "BaseChatModel"]
"""A model's name ("openai:gpt-4o-mini"), a spec, or a chat model of LangChain's."""


def name_of(given: Any) -> Any:
    """Return the name of what is given for a model; what is none of these things as it is.

    A chat model of LangChain's can be opened by the name that it gets, in this process.

    Raises:
        UserError: a LangChain model's URL holds a user or password.

    """
    if isinstance(given, ModelSpec):
        return str(given)
    return name_of_object(given) if is_chat_object(given) else given


def spec_of(given: GivenModel) -> ModelSpec:
    """Return the spec of a model that is named or given.

    Raises:
        UserError: the name is wrong.

    """
    return given if isinstance(given, ModelSpec) else ModelSpec.parse(name_of(given))


def is_one_model(given: Any) -> bool:
    """Return whether something is one model, and no list of some."""
    return isinstance(given, str | ModelSpec) or is_chat_object(given)
