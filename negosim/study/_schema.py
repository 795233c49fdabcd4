"""A user study as its file describes it: what people read, whom they talk with, what they are asked."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from negosim._fields import Slug, Text
from negosim._frozen import Frozen
from negosim.config import RunConfig
from negosim.records import HUMAN, Condition
from negosim.scenarios import Measure, Option, Range, Scenario
from negosim.scenarios import Moment as Moment

QuestionId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=60)]
"""Lower-case letters, digits and single underscores: it becomes the name of a column."""

Order = Literal["random", "latin-square", "fixed"]
"""In which order a person meets the agents: drawn for each; balanced over persons, so that every agent comes
equally often at every place and after every other; or drawn once, the same for all."""

MOST_GRADES = 11
LONGEST_TEXT = 4000
"""Characters of an answer in words."""


def _agent(given: Any) -> Any:
    return {"model": given} if isinstance(given, str) else given


def _several(given: Any) -> Any:
    return (given,) if isinstance(given, str) else given


class StudyQuestion(Frozen):
    """One question on a form."""

    id: QuestionId
    question: Text
    """As it is put; `{agent}` stands for how the page calls the agent: "Agent A"."""
    answer: Literal["likert", "choice", "text"]
    labels: Annotated[dict[int, Text], Field(min_length=2)] | None = None
    """Of a Likert scale: words for some of its whole-numbered grades, the two ends among them."""
    options: Annotated[tuple[Option, ...], Field(min_length=2)] | None = None
    """Of a choice."""
    required: bool = True
    """Whether the form is taken only with an answer to it."""

    @property
    def grades(self) -> tuple[int, ...]:
        """The grades of a Likert scale, ascending; none for other answers."""
        return tuple(range(min(self.labels), max(self.labels) + 1)) if self.labels else ()

    @model_validator(mode="after")
    def _shape_fits(self) -> "StudyQuestion":
        wanted = {"likert": "labels", "choice": "options"}.get(self.answer)
        for name in ("labels", "options"):
            if (getattr(self, name) is not None) != (name == wanted):
                needs = "needs" if name == wanted else "has no"
                raise ValueError(f"{name}: a question answered by {self.answer} {needs} {name}")
        if self.labels and len(self.grades) > MOST_GRADES:
            raise ValueError(f"labels: a scale has at most {MOST_GRADES} grades, not {len(self.grades)}")
        if self.options and len({option.id for option in self.options}) < len(self.options):
            raise ValueError("options: give each option an id of its own")
        return self

    def worded(self, agent: str = "") -> str:
        """Return the question as it is put about an agent."""
        return self.question.replace("{agent}", agent)

    def read(self, given: str) -> int | str | None:
        """Return the answer for what a form has; None where nothing was answered.

        Raises:
            ValueError: it is no answer; says what would be right.

        """
        given = given.strip()
        if not given:
            if self.required:
                raise ValueError("please answer this question")
            return None
        if self.answer == "likert":
            if given not in [str(grade) for grade in self.grades]:
                raise ValueError(f"choose one of the grades from {self.grades[0]} to {self.grades[-1]}")
            return int(given)
        if self.answer == "choice":
            if given not in [option.id for option in self.options or ()]:
                raise ValueError("choose one of the options")
            return given
        if len(given) > LONGEST_TEXT:
            raise ValueError(f"the answer has {len(given):,} characters; the longest is {LONGEST_TEXT:,}")
        return given.replace("\r\n", "\n")


Questions = tuple[StudyQuestion, ...]


class StudyAgent(Frozen):
    """One of the agents that people talk with; they never learn which it is."""

    short_form: ClassVar[dict[str, Any]] = {"type": "string"}

    model: Text
    """Who it is, as `--model` names it: "sim", "habit:0.5", "openai:NAME", "policy:FOLDER"."""
    planner: Text = "direct"
    """How a chat model thinks its turns through."""

    @property
    def name(self) -> str:
        """How tables call it."""
        return self.model if self.planner == "direct" else f"{self.model} ({self.planner})"


class StudyMeasure(Frozen):
    """A private question to the person before or after a conversation, besides those of the scenario."""

    id: QuestionId
    when: Annotated[
        tuple[Moment, ...],
        BeforeValidator(_several, json_schema_input_type=Moment | tuple[Moment, ...]),
        Field(min_length=1),
    ]
    question: Text
    answer: Literal["number", "scale", "choice", "yes_no"]
    range: Range | None = None
    scale: dict[int, Text] | None = None
    options: tuple[Option, ...] | None = None

    def asked_of(self, role: str) -> Measure:
        """Return it as a measure of a scenario.

        Raises:
            pydantic.ValidationError: it is none.

        """
        return Measure.model_validate({**self.model_dump(exclude_none=True), "asked_of": role})


class StudyBlock(Frozen):
    """Conversations in one scenario with each of some agents."""

    id: Annotated[Slug, StringConstraints(max_length=60)]
    scenario: Text
    """Id or path."""
    role: Slug
    """Id of the role that the person plays."""
    agents: Annotated[
        tuple[Annotated[StudyAgent, BeforeValidator(_agent)], ...],
        Field(min_length=1),
    ]
    """They play all other roles, one agent a conversation."""
    conversations: Annotated[int, Field(ge=1, le=50)] = 1
    """With each agent."""
    turn_cap: Annotated[int, Field(ge=1, le=100)] = 10
    """After so many utterances of the agent, each of them answered, a conversation is over."""
    may_end_early: bool = True
    """Whether the person can end a conversation before."""
    condition: Condition = Condition()
    """Who may lie: "honest", "deceptive-1"."""
    measures: tuple[StudyMeasure, ...] = ()
    """Private questions to the person; one with the id of one of the scenario's stands in its place."""

    @property
    def deceives(self) -> bool:
        """Whether somebody in its conversations may lie."""
        return bool(self.condition.deceptive)

    def played(self, scenario: Scenario) -> Scenario:
        """Return the scenario with the block's measures."""
        own = {measure.id: measure.asked_of(self.role) for measure in self.measures}
        kept = [one for one in scenario.measures if one.id not in own]
        return scenario.model_copy(update={"measures": (*kept, *own.values())})

    def config(self, agent: StudyAgent, scenario: Scenario, seed: int) -> RunConfig:
        """Return the configuration of its conversations with an agent."""
        person = scenario.role_index[self.role]
        models = [HUMAN if role == person else agent.model for role in range(len(scenario.roles))]
        first = scenario.opener_index == person
        return RunConfig(
            scenarios=self.scenario,
            models=models,
            planner=agent.planner,
            conditions=self.condition,
            seed=seed,
            max_turns=self.turn_cap * len(models) + first,
        )


class StudySurvey(Frozen):
    """What people are asked about agents or conversations."""

    per: Literal["agent", "conversation"]
    when: Literal["at_once", "at_end"] = "at_once"
    """After the (last) conversation it is about, or after all of them."""
    questions: Annotated[Questions, Field(min_length=1)]


class StudyPractice(Frozen):
    """A talk that does not count, to get used to the page."""

    minutes: Annotated[float, Field(gt=0, le=60)] = 3
    """How long people are told to take; nobody is stopped."""
    agent: Annotated[StudyAgent, BeforeValidator(_agent)] = StudyAgent(model="sim")
    block: Slug | None = None
    """Whose scenario is played; None: the person's first block's."""


def _visible(text: str) -> str:
    if len(text) > 64:
        raise ValueError(f"a code of {len(text)} characters; the longest is 64")
    return text


class Study(Frozen):
    """A user study: one file."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    schema_version: Literal[1] = 1
    id: Slug
    title: Text
    """What the pages are headed."""
    consent: Text
    """What people agree to, before anything is kept."""
    instructions: Text
    questions: Questions = ()
    """Asked before the first conversation; none of them personal unless you write one."""
    practice: StudyPractice | None = None
    blocks: Annotated[tuple[StudyBlock, ...], Field(min_length=1)]
    assign: Literal["all", "one"] = "all"
    """Whether each person takes part in all blocks, in their order, or in one of them."""
    order: Order = "random"
    survey: StudySurvey | None = None
    debriefing: Text | None = None
    """Shown at the end; needed where somebody may lie."""
    completion_code: Annotated[Text, AfterValidator(_visible)]
    """Shown when all is done, and in no page before."""
    quota: Annotated[int, Field(ge=1)] | None = None
    """Most persons in each cell: a block where `assign` is "one", a row of the order where it is balanced."""
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    """What orders are drawn from, and the conversations of embedded agents."""

    def block(self, id: str) -> StudyBlock:
        """Return a block by its id."""
        return next(block for block in self.blocks if block.id == id)
