"""One claim held against the brief, without a run: by rules, and with a model's second vote."""

from collections.abc import Sequence

from negosim._loop import run_coroutine
from negosim.errors import ProtocolError, UserError
from negosim.judging._entailment import Entailment, combined, without_vote
from negosim.judging._statement import NOWHERE, Situation, Statement, Verdict
from negosim.judging._verdict import verdict
from negosim.models import Budget, ChatModel, Ledger, ModelClient, ModelSpec, open_clients
from negosim.prompts import Prompts
from negosim.scenarios import Role, Scenario
from negosim.views import PublicTurn

_GIVEN = "given"


def check_claim(
    statement: Statement,
    role: Role,
    scenario: Scenario,
    *,
    model: str | ChatModel,
    situation: Situation = NOWHERE,
    before: str = "",
    cache: bool = True,
    budget: Budget | None = None,
) -> Verdict:
    """Decide whether a statement is true, with a model's second vote where rules about words decide.

    Within a running event loop, such as a notebook's, await `check_claim_async`, which takes the same.

    Args:
        statement: what was claimed; its `utterance` has all that was said with it.
        role: the speaker's.
        scenario: the speaker's.
        model: who is asked, as `--judge-model` names it, or a model of the caller's own.
        situation: what was on the table, and what the speaker agreed to later.
        before: what another said just before, to see what the statement answers.
        cache: whether the model's answers come from the user's cache where it has them, and are kept.
        budget: what the calls may use.

    Returns:
        The verdict; its reason has the rules' and the model's, with the note that the model names. Where the
        model gave no usable answer, the rules' stands and the reason says so.

    Raises:
        UserError: the model cannot be opened or reached, or is no chat model.
        ModelError: the provider failed.

    Examples:
        >>> from negosim.judging import Statement, check_claim
        >>> from negosim.models import ScriptedModel
        >>> from negosim.scenarios import load_scenario
        >>> viatex = load_scenario("viatex")
        >>> answer = {
        ...     "note": 27,
        ...     "difference": "Enough for a year, not for eleven weeks.",
        ...     "answer": "false",
        ... }
        >>> claim = Statement("fact", "Our shelves would carry us through next summer.")
        >>> check_claim(claim, viatex.roles[0], viatex, model=ScriptedModel([answer])).truth
        'false'

    """
    return run_coroutine(
        check_claim_async(
            statement,
            role,
            scenario,
            model=model,
            situation=situation,
            before=before,
            cache=cache,
            budget=budget,
        )
    )


async def check_claim_async(
    statement: Statement,
    role: Role,
    scenario: Scenario,
    *,
    model: str | ChatModel,
    situation: Situation = NOWHERE,
    before: str = "",
    cache: bool = True,
    budget: Budget | None = None,
) -> Verdict:
    """Decide within a running event loop; arguments, result and errors are those of `check_claim`."""
    specs = {_GIVEN: ModelSpec.parse(model)} if isinstance(model, str) else {}
    provided = {} if isinstance(model, str) else {_GIVEN: model}
    async with open_clients(specs, provided, cache=cache, budget=budget) as clients:
        client = clients[_GIVEN]
        if client is None:
            raise UserError(f"{model!r} is no chat model; name one, as in openai:gpt-4o-mini")
        rules = verdict(statement, role, scenario.issues, situation, scenario)
        if not rules.open:
            return rules
        try:
            given = await vote(statement, role, scenario, client, before=before)
        except ProtocolError as error:
            return without_vote(rules, error)
        return combined(rules, given, statement)


async def vote(
    statement: Statement, role: Role, scenario: Scenario, client: ModelClient, *, before: str = ""
) -> Verdict:
    """Return a model's vote alone, on a claim that is in no dialogue.

    Raises:
        ProtocolError: the model gave no usable answer.
        ModelError: the provider failed.

    """
    asking = Entailment(scenario, role, Prompts(scenario.id), client, Ledger())
    return await asking.ask(statement, _said(statement, role, scenario, before), seed=0)


def _said(statement: Statement, role: Role, scenario: Scenario, before: str) -> Sequence[PublicTurn]:
    own = scenario.roles.index(role)
    texts = [((own + 1) % len(scenario.roles), before), (own, statement.utterance or statement.quote)]
    return [PublicTurn(index, who, text, "talk", None) for index, (who, text) in enumerate(texts) if text]
