"""Loading scenarios by id or path."""

from functools import lru_cache

from negosim.plugins import PluginError, PluginFile, Problem, find, read_yaml, sources, with_lines
from negosim.scenarios._check import check_scenario
from negosim.scenarios._schema import Scenario

SUFFIXES = (".yaml", ".yml")


def list_scenarios() -> dict[str, PluginFile]:
    """Return every scenario that can be named by id, built-in or from plugins, sorted."""
    return sources("scenarios", SUFFIXES)


def load_scenario(reference: str) -> Scenario:
    """Load a scenario by id ("viatex") or by the path of its YAML file.

    Args:
        reference: an id, or the path of a file.

    Returns:
        The scenario, validated.

    Raises:
        UserError: there is no such scenario; the nearest names are suggested.
        PluginError: the file is wrong; every problem is listed with its line and field.

    Examples:
        >>> import negosim
        >>> [role.id for role in negosim.load_scenario("viatex").roles]
        ['viatex', 'corvane']

    """
    source = find("scenarios", reference, SUFFIXES)
    return _parse(source.read_text(), source.name, source.id)


@lru_cache(maxsize=64)
def _parse(text: str, name: str, stem: str) -> Scenario:
    data, lines = read_yaml(text, name)
    scenario, problems = check_scenario(data)
    given = data.get("id") if isinstance(data, dict) else None
    if isinstance(given, str) and given != stem:
        problems.append(
            Problem(("id",), f"{given!r} differs from the file's name {stem!r}; make them the same")
        )
    if problems or scenario is None:
        raise PluginError(name, with_lines(problems, lines))
    return scenario
