"""The exact commands that make what a report is missing."""

import shlex

from negosim.agents import agent_factory
from negosim.config import RunConfig
from negosim.errors import UserError
from negosim.judging import PERSON, list_question_sets, load_question_set
from negosim.models import ModelSpec
from negosim.reports._corpus import Corpus
from negosim.store import Run

_SETTINGS = (
    *("k", "calls", "votes", "objective", "judge_view", "judge_form", "max_turns", "opener", "order"),
    *("tactics", "techniques", "prompts", "judge_model"),
)
"""Fields of a run's configuration whose options are called as they are."""
_LISTS = {"traits": "--traits", "trait_lists": "--trait-list", "primary": "--primary"}
"""Fields that are given one by one, and their options."""


def judge(corpus: Corpus, *options: str) -> str:
    """Return the command that judges the runs of a report, one line a run."""
    return "\n".join(f"negosim judge {shlex.quote(str(run.path))} {' '.join(options)}" for run in corpus.runs)


def ask_model(corpus: Corpus, questions: str) -> str:
    """Return the command that has a language model judge: the agents' own, or else the small local one."""
    return judge(corpus, f"--judge-model {model_of(corpus)}", f"--questions {questions}")


def model_of(corpus: Corpus) -> str:
    """Return a language model to judge by: the agents' own, or else the small local one."""
    played = (_chat_model(model) for run in corpus.runs for model in run.config.models)
    return shlex.quote(next(filter(None, played), "local"))


def _chat_model(played: str) -> str | None:
    """Return the chat model that a participant is or speaks through, by name; None where there is none."""
    try:
        spec = ModelSpec.parse(played)
        through = None if spec.chats else agent_factory(spec.kind).through
        return through(played) if through else played if spec.chats else None
    except UserError:
        return None  # given as an object, by a plugin that is not there, or of an imported dialogue


def asking(corpus: Corpus, outcome: str) -> str | None:
    """Return the command that has judges tell an outcome; None where none of the known sets asks for it."""
    question = outcome.partition(":")[0]
    for name in list_question_sets():
        if question in {one.id for one in load_question_set(name).questions}:
            return ask_model(corpus, name)
    return None


def calibrate(corpus: Corpus) -> str | None:
    """Return the commands that hold a report's judges against simulated dialogues, whose truth is known."""
    models = [judge for judge in corpus.judges if not judge.startswith(PERSON)]
    if not models:
        return None
    foreign = any(run.header.imported for run in corpus.runs)
    ids = ["all"] if foreign else corpus.scenario_ids
    scenarios = " ".join(f"--scenario {shlex.quote(scenario)}" for scenario in ids)
    made = f"negosim generate {scenarios} -n 10 --both-conditions --model sim --out runs/calibration"
    judges = ",".join(["oracle", *models])
    judged = f"negosim judge runs/calibration --judges {shlex.quote(judges)}"
    return f"{made}\n{judged}\nnegosim report runs/calibration"


def unrestricted(corpus: Corpus) -> str | None:
    """Return the command that makes the same dialogues without a cap, and reports both; None if imported."""
    run = corpus.runs[0]
    if run.header.imported is not None:
        return None
    out = f"{run.path}-unrestricted"
    made = _generate(run, "--max-turns 0", f"--out {shlex.quote(out)}")
    both = " ".join(shlex.quote(str(path)) for path in (*(each.path for each in corpus.runs), out))
    return f"{made}\nnegosim report {both} --out report.pdf"


def both_conditions(corpus: Corpus) -> str | None:
    """Return the command that makes the same dialogues in both conditions; None of imported ones."""
    run = corpus.runs[0]
    if run.header.imported is not None:
        return None
    return _generate(run, "--both-conditions", f"--out {shlex.quote(f'{run.path}-both')}")


def resume(run: Run) -> str:
    """Return the command that finishes a run."""
    return f"negosim generate --resume {shlex.quote(str(run.path))}"


def _generate(run: Run, *more: str) -> str:
    config = run.config
    words = ["negosim generate"]
    words += [f"--scenario {shlex.quote(scenario)}" for scenario in config.scenarios]
    words.append(f"-n {config.dialogues}")
    names = [condition.name for condition in config.conditions]
    deceptive = next((condition.deceptive for condition in config.conditions if condition.deceptive), ())
    if deceptive:
        agents = ",".join(str(role + 1) for role in deceptive)
        words.append(f"--deceptive {'both' if agents == '1,2' else agents}")
    if len(names) > 1 and "--both-conditions" not in more:
        words.append("--both-conditions")
    words.append(f"--seed {config.seed}")
    if len(set(config.models)) == 1:
        words.append(f"--model {shlex.quote(config.models[0])}")
    else:
        words += [f"--agent{i}-model {shlex.quote(name)}" for i, name in enumerate(config.models, 1)]
    if config.swap_roles:
        words.append("--swap-roles")
    words.append(f"--planner {shlex.quote(config.planner)}")
    given = {option.partition(" ")[0] for option in more}
    for field in _SETTINGS:
        option, value = f"--{field.replace('_', '-')}", getattr(config, field)
        if value != RunConfig.model_fields[field].default and option not in given:
            words.append(f"{option} {shlex.quote(str(value))}")
    for field, option in _LISTS.items():
        if getattr(config, field) != RunConfig.model_fields[field].default:
            words += [f"{option} {shlex.quote(each)}" for each in getattr(config, field)]
    return " ".join([*words, *more])
