"""Language models: how they are named, the client through which they are called, and their account."""

from negosim.models._budget import Budget, BudgetedModel, most_usage
from negosim.models._cache import (
    CacheEntry,
    CacheStats,
    ResponseCache,
    cache_path,
    cache_stats,
    clear_cache,
)
from negosim.models._cached import CachedModel
from negosim.models._catalog import CATALOG, CatalogModel, cached, fetch
from negosim.models._check import CheckReport, check_model
from negosim.models._client import CUT_OFF, ModelClient
from negosim.models._context import ContextChoice
from negosim.models._fake import ScriptedModel
from negosim.models._given import GivenModel, is_one_model, name_of
from negosim.models._ledger import Ledger, account_of
from negosim.models._open import open_model
from negosim.models._open_clients import open_clients
from negosim.models._prices import PRICES_VARIABLE, Price, price_of
from negosim.models._providers import (
    GGUF,
    LANGCHAIN,
    LOCAL,
    OPENAI,
    Provider,
    is_sized,
    provider_of,
    recorded,
    sized,
)
from negosim.models._recorded import confirm_servers, servers_to_confirm
from negosim.models._room import tokens_needed
from negosim.models._spec import MODEL_VARIABLE, ModelSpec, resolve_spec
from negosim.models._sticky import calls_are_of
from negosim.models._tokens import estimated_tokens
from negosim.models._types import AnswerMode, ChatModel, ChatRequest, ChatResponse, Message, Usage

__all__ = [
    "CATALOG",
    "CUT_OFF",
    "GGUF",
    "LANGCHAIN",
    "LOCAL",
    "MODEL_VARIABLE",
    "OPENAI",
    "PRICES_VARIABLE",
    "AnswerMode",
    "Budget",
    "BudgetedModel",
    "CacheEntry",
    "CacheStats",
    "CachedModel",
    "CatalogModel",
    "ChatModel",
    "ChatRequest",
    "ChatResponse",
    "CheckReport",
    "ContextChoice",
    "GivenModel",
    "Ledger",
    "Message",
    "ModelClient",
    "ModelSpec",
    "Price",
    "Provider",
    "ResponseCache",
    "ScriptedModel",
    "Usage",
    "account_of",
    "cache_path",
    "cache_stats",
    "cached",
    "calls_are_of",
    "check_model",
    "clear_cache",
    "confirm_servers",
    "estimated_tokens",
    "fetch",
    "is_one_model",
    "is_sized",
    "most_usage",
    "name_of",
    "open_clients",
    "open_model",
    "price_of",
    "provider_of",
    "recorded",
    "resolve_spec",
    "servers_to_confirm",
    "sized",
    "tokens_needed",
]
