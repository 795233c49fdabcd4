"""Questionnaires by the names of their questions, made for a run."""

from collections.abc import Callable, Mapping, Sequence

from negosim._text import several
from negosim.errors import UserError
from negosim.judging._ask import SetQuestionnaire
from negosim.judging._claims import CLAIMS, ClaimsQuestionnaire
from negosim.judging._private import BELIEFS, BELIEFS_TURNS, MEASURES, MeasureQuestionnaire
from negosim.judging._protocol import Questionnaire
from negosim.judging._questions import RESOLUTION, list_question_sets, load_question_set, resolution_set
from negosim.plugins import suggest
from negosim.store import Run
from negosim.taxonomies import Taxonomy, load_taxonomy

DEFAULT = ("agreement", RESOLUTION, "deception", "quality", "tactic", "claims")
"""What is asked where nothing else is said."""

Taxonomies = Mapping[str, tuple[Taxonomy, Taxonomy]]
"""By scenario: of tactics and of techniques, as the run has them."""


def taxonomies_of(run: Run) -> Taxonomies:
    """Load the taxonomies of a run.

    Raises:
        UserError: one is not there any more.

    """
    techniques = load_taxonomy(run.config.techniques)
    return {
        name: (load_taxonomy(run.config.tactics_in(scenario)), techniques)
        for name, scenario in run.header.scenarios.items()
    }


def _resolution(run: Run, taxonomies: Taxonomies) -> Questionnaire:
    return SetQuestionnaire(RESOLUTION, resolution_set, taxonomies)


def _claims(run: Run, taxonomies: Taxonomies) -> Questionnaire:
    return ClaimsQuestionnaire()


def _private(name: str) -> Callable[[Run, Taxonomies], Questionnaire]:
    return lambda run, taxonomies: MeasureQuestionnaire(name)


BUILT_IN_QUESTIONNAIRES: Mapping[str, Callable[[Run, Taxonomies], Questionnaire]] = {
    RESOLUTION: _resolution,
    CLAIMS: _claims,
    **{name: _private(name) for name in (BELIEFS, BELIEFS_TURNS, MEASURES)},
}
"""Questionnaires that are no files, by id."""


def questionnaires(
    references: Sequence[str] | None, run: Run, taxonomies: Taxonomies
) -> tuple[Questionnaire, ...]:
    """Return what is asked: ids or paths of question sets, by default the usual ones.

    Raises:
        UserError: there is no such set, or two have the same id.

    """
    found: dict[str, Questionnaire] = {}
    for reference in DEFAULT if references is None else several(references):
        made = _questionnaire(reference, run, taxonomies)
        if made.id in found:
            raise UserError(f"questions {made.id!r} are named twice; name them once")
        found[made.id] = made
    if not found:
        raise UserError("name at least one question set")
    return tuple(found.values())


def _questionnaire(reference: str, run: Run, taxonomies: Taxonomies) -> Questionnaire:
    if reference in BUILT_IN_QUESTIONNAIRES:
        return BUILT_IN_QUESTIONNAIRES[reference](run, taxonomies)
    if "/" not in reference and not reference.endswith((".yaml", ".yml")):
        known = [*BUILT_IN_QUESTIONNAIRES, *list_question_sets()]
        if reference not in known:
            raise UserError(f"no questions {reference!r}; {suggest(reference, known)}")
    given = load_question_set(reference)
    return SetQuestionnaire(given.id, lambda scenario: given, taxonomies)
