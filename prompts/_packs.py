"""Packs of templates: the folders that may override built-in templates, and what may lie in them.

A pack has templates of agents and judges in itself, those for one scenario alone in a subfolder named like
the scenario, and those of an area (hindsight) in a subfolder named like the area.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from negosim._fields import SLUG
from negosim.errors import UserError
from negosim.plugins import folders, sources, suggest
from negosim.prompts._templates import TemplateFolder, Templates, is_name

AREAS: Mapping[str, tuple[str, ...]] = {
    "hindsight": (
        *("task", "dialogue", "controller", "controller-ask", "forward", "forward-ask"),
        *("finished", "finished-ask", "amount", "amount-ask"),
        *("intensity", "intensity-ask", "score", "score-ask"),
    ),
    "gnome": ("map", "map-ask"),
}
"""Templates besides those of agents and judges, by the subfolder they lie in: what chat models are asked in
`negosim rl hindsight` and `negosim gnome map`."""

_SCENARIO = re.compile(SLUG)


def pack_places(
    scenario: str, folder: str | None, names: Collection[str], others: Collection[str] = ()
) -> list[TemplateFolder]:
    """Return the folders that may hold templates for a scenario, nearest first.

    Args:
        scenario: its id.
        folder: of templates, named by the user.
        names: of all templates of agents and judges.
        others: ids of other scenarios that the folder may have templates for.

    Raises:
        UserError: there is no such folder, or it has a template that nothing would use.

    """
    if scenario and not _SCENARIO.fullmatch(scenario):
        raise UserError(f"{scenario!r} is no scenario's id; ids are lower-case words joined by -")
    roots = _roots(folder)
    if folder is not None:
        _check_used(roots[0], names, {scenario, *others})
    return [place for root in roots for place in (root.within(scenario), root) if place.folder.is_dir()]


def area_templates(area: str, folder: str | Path | None = None) -> Templates:
    """Return the templates in force for an area.

    Looked for in the area's subfolder of `folder`, then of the prompt packs of `NEGOSIM_PATH` and installed
    packages, then among the built-in ones.

    Args:
        area: a key of `AREAS`.
        folder: of templates, named by the user.

    Raises:
        UserError: there is no such folder, or it has nothing for the area, or a template that is called like
            none of it.

    """
    names = AREAS[area]
    roots = _roots(None if folder is None else str(folder))
    if folder is not None:
        files = sorted(Path(folder).expanduser().joinpath(area).rglob("*.j2"))
        if not files:
            raise UserError(
                f"{str(folder)!r} has no templates for {area}; put them into its subfolder {area}, as "
                f"{Path(folder) / area / names[0]}.j2"
            )
        _check_names(files, names)
    return Templates([root.within(area) for root in roots], names)


def unused(names: Collection[str], folder: str | None = None) -> Iterator[Path]:
    """Yield the files of packs that are called like no template, so that nothing would use them.

    Args:
        names: of all templates of agents and judges, those of planners among them.
        folder: of templates, named by the user.

    """
    for root in _roots(folder):
        if not isinstance(root.folder, Path):
            continue
        for file in sorted(root.folder.rglob("*.j2")):
            below = file.relative_to(root.folder).parts[:-1]
            known = AREAS.get(below[0], names) if below else names
            if len(below) > 1 or not is_name(file.name, _files(known)):
                yield file


def _roots(folder: str | None) -> list[TemplateFolder]:
    roots = []
    if folder is not None:
        path = Path(folder).expanduser()
        if not path.is_dir():
            raise UserError(f"no prompts folder {folder!r}; give a folder of .j2 templates")
        roots = [TemplateFolder(path, path)]
    return [*roots, *(TemplateFolder(place, pack) for place, _, pack in folders("prompts"))]


def _check_used(root: TemplateFolder, names: Collection[str], scenarios: Collection[str]) -> None:
    """Refuse files of the user's folder that nothing would use.

    Raises:
        UserError: names the first.

    """
    path = Path(str(root.folder))
    for file in sorted(path.rglob("*.j2")):
        below = file.relative_to(path).parts[:-1]
        if not below or below[0] not in AREAS:
            _check_names([file], names)
        elif len(below) == 1:
            _check_names([file], AREAS[below[0]])
        if len(below) > 1:
            raise UserError(
                f"{file}: lies too deep to be found; templates lie in {path} itself, or in a subfolder of it "
                f"named like a scenario, {' or '.join(AREAS)}"
            )
        known = {*AREAS, *scenarios, *sources("scenarios", (".yaml", ".yml"))} if below else ()
        if below and below[0] not in known:
            raise UserError(f"{file.parent}: no scenario is called {below[0]!r}; {suggest(below[0], known)}")


def _check_names(files: Iterable[Path], names: Collection[str]) -> None:
    known = _files(names)
    for file in files:
        if not is_name(file.name, known):
            raise UserError(
                f"{file}: no stage is named so; {suggest(file.name, known)} "
                "A part of your own, for others to include, begins with _."
            )


def _files(names: Iterable[str]) -> set[str]:
    return {f"{name}.j2" for name in names}
