"""Sandbox of templates: what they may name and call, and what one rendering may cost.

Templates come with scenario packs, and packs come from anywhere. A template reads what it is given and
writes text; it reaches no file, no other template by path, no method that was not meant for it. One
rendering may take so many steps: one for a character, ten for a value. Whatever a template does
(operators, filters, tests, calls, rounds of a loop) costs steps by the size of what goes in and of what
comes out, and where a small number makes a large text, before it is made. So time and memory are bounded,
the same on every machine.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from json import dumps
from numbers import Number
from types import BuiltinMethodType, CodeType, FunctionType, MethodType
from typing import Any

from jinja2 import BytecodeCache, StrictUndefined, Undefined, nodes, pass_context, pass_environment
from jinja2.bccache import Bucket
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.filters import FILTERS, do_sum, make_attrgetter
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import SandboxedEnvironment, SandboxedFormatter
from jinja2.tests import TESTS
from jinja2.utils import Cycler, Joiner, Namespace

from negosim.prompts._language import FOR_LOOP, SPEND, WEIGH, metered
from negosim.prompts._meter import LARGEST, OPAQUE, VALUE, growth, padding, spend, weigh
from negosim.speech import quoted_line


@pass_environment
def _join(environment: "Sandbox", value: Any, d: str = "", attribute: str | int | None = None) -> str:
    """Join what is given, or an attribute of each, as text."""
    items = list(value if attribute is None else map(make_attrgetter(environment, attribute), value))
    spend(weigh(items, as_text=True) + weigh(d, as_text=True) * len(items))
    return str(d).join(map(str, items))


@pass_environment
def _sum(environment: "Sandbox", value: Any, attribute: str | int | None = None) -> Any:
    """Add up numbers."""
    return do_sum(environment, value, attribute)


def _tojson(value: object) -> str:
    return dumps(value, ensure_ascii=False)


_FILTERS: dict[str, Callable[..., Any]] = {
    **{
        name: FILTERS[name]
        for name in (
            *("abs", "attr", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "first"),
            *("float", "format", "groupby", "indent", "int", "items", "last", "length", "list", "lower"),
            *("map", "max", "min", "reject", "rejectattr", "replace", "reverse", "round", "select"),
            *("selectattr", "slice", "sort", "string", "title", "trim", "truncate", "unique", "upper"),
            "wordcount",
        )
    },
    "join": _join,
    "sum": _sum,
    "tojson": _tojson,
    "quoted_line": quoted_line,
}
"""Filters of negosim, and of Jinja those that are neither for HTML, nor random, nor slow on long text."""

_TEXT = {"capitalize", "center", "format", "indent", "lower", "replace", "string", "title", "tojson"}
_TEXT |= {"quoted_line", "trim", "truncate", "upper", "wordcount"}
"""Filters that write what they are given as text."""
_GROWING = {"batch", "center", "indent", "replace", "round", "slice", "truncate"}
"""Filters whose result grows with their arguments."""

_TESTS: Mapping[str, Any] = TESTS

_METHODS: tuple[tuple[type, frozenset[str]], ...] = (
    (str, frozenset(dir(str)) - {"encode", "format", "format_map", "maketrans", "translate"}),
    (Mapping, frozenset({"get", "items", "keys", "values"})),
    (list, frozenset({"count", "index"})),
    (tuple, frozenset({"count", "index"})),
    (LoopContext, frozenset({"changed", "cycle"})),
    (Cycler, frozenset({"next", "reset"})),
)
_GIVEN = frozenset(
    {"describe", "value", "label", "points", "acceptable_by", "named", "in_deal", "settles", "names_next"}
)
"""Methods of what negosim hands to templates that they may call."""
_FUNCTIONS = (FunctionType, MethodType, BuiltinMethodType, Macro, Joiner, Undefined)
_CLASSES = (dict, Namespace, Joiner, Cycler)
_JINJAS_OWN = ("_loop_vars", "_block_vars")
"""Arguments that Jinja adds to every call in a loop."""


def _may_call(owner: object, name: str) -> bool:
    """Tell whether a template may call a method: of what it is given, only those meant for it.

    Everything else is refused, for there are always others: those of pydantic read files and pickles.
    """
    for kind, names in _METHODS:
        if isinstance(owner, kind):
            return name in names
    return name in _GIVEN or isinstance(owner, Namespace)


class _InMemory(BytecodeCache):
    """Templates compiled in this process: every run and every judge has an environment of its own."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template its code, where it has been compiled."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template's code."""
        assert bucket.code is not None
        self._codes[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _InMemory()


class Sandbox(SandboxedEnvironment):
    """Jinja's sandbox for prompts: fewer filters, named methods only, all of it metered."""

    intercepted_binops = frozenset(SandboxedEnvironment.default_binop_table)

    def __init__(self, **options: Any) -> None:
        """Take what `jinja2.Environment` takes."""
        super().__init__(
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            autoescape=False,
            auto_reload=False,
            optimized=False,  # Jinja would work out constants when it compiles, without a meter.
            finalize=_written,
            bytecode_cache=_COMPILED,
            **options,
        )
        del self.globals["lipsum"]
        self.filters = {name: _metered_filter(name, filter_) for name, filter_ in _FILTERS.items()}
        self.filters |= {WEIGH: _weighed, FOR_LOOP: _rounds, SPEND: spend}
        self.tests = {name: _metered_test(test) for name, test in _TESTS.items()}

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        return super()._generate(metered(self, source, name, filename), name, filename, defer_init)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Allow fields of what is given, and the methods that are meant for templates."""
        if attr.startswith("_"):
            return False
        return not callable(value) or isinstance(value, Macro) or _may_call(obj, attr)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """Return `str.format` with every field checked and metered."""
        if not isinstance(value, BuiltinMethodType) or value.__name__ != "format":
            return None
        pattern = value.__self__
        if not isinstance(pattern, str):
            return None
        return lambda *given, **named: _Formatter(self).vformat(pattern, given, named)

    def call(__self, __context: Context, __function: Any, *args: Any, **kwargs: Any) -> Any:
        """Call what may be called."""
        if not isinstance(__function, _FUNCTIONS) and __function not in _CLASSES:
            raise SecurityError(f"a {type(__function).__name__} cannot be called")
        text = getattr(__function, "__self__", None)
        values = (*args, *(kwargs[name] for name in kwargs if name not in _JINJAS_OWN))
        spend(OPAQUE + (growth(text, *values) if isinstance(text, str) else weigh(values)))
        result = __context.call(__function, *args, **kwargs)
        spend(weigh(result))
        return result

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Work out an operator, once its result is known not to be too large."""
        if operator == "%" and isinstance(left, str):
            spend(padding(left, right))
        elif operator == "*" and not (isinstance(left, Number) and isinstance(right, Number)):
            spend(growth(left, right))
        elif operator == "**" and isinstance(left, int) and isinstance(right, int):
            if left.bit_length() * abs(right) > LARGEST:
                raise TemplateRuntimeError(f"a number has more than {LARGEST} bits")
        else:
            spend(weigh((left, right)))
        result = super().call_binop(context, operator, left, right)
        spend(weigh(result))
        return result


class _Formatter(SandboxedFormatter):
    """`str.format` for templates."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        """Return the value of a field."""
        value, first = super().get_field(field_name, args, kwargs)
        spend(weigh(value, as_text=True))
        return value, first

    def format_field(self, value: Any, format_spec: str) -> Any:
        """Write a value."""
        spend(sum(map(int, re.findall(r"\d+", format_spec))))
        return super().format_field(value, format_spec)


@pass_context
def _written(context: Context, value: Any) -> Any:
    """Let a value into the text. With the context, so that Jinja does not do it when it compiles."""
    spend(VALUE + len(value) if type(value) is str else weigh(value, as_text=True))
    return value


def _weighed(value: Any) -> Any:
    spend(weigh(value))
    return value


def _rounds(values: Iterable[Any], steps: int) -> Iterator[Any]:
    for value in values:
        spend(steps)
        yield value


def _metered_filter(name: str, filter_: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that costs its steps, and a list where it would make values one by one."""
    as_text, grows = name in _TEXT, name in _GROWING
    passed = int(hasattr(filter_, "jinja_pass_arg"))

    @wraps(filter_)
    def metered_filter(*args: Any, **kwargs: Any) -> Any:
        given = (*args[passed:], *kwargs.values())
        spend(weigh(given, as_text=as_text))
        if grows:
            spend(growth(*given))
        elif name == "format":
            spend(padding(str(given[0]), given[1:]))
        result = filter_(*args, **kwargs)
        if isinstance(result, Iterator):
            result = list(result)
        spend(weigh(result))
        return result

    return metered_filter


def _metered_test(test: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(test)
    def metered_test(*args: Any) -> Any:
        spend(weigh(args))
        return test(*args)

    return metered_test
