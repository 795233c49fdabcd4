"""`negosim rl train` and `negosim rl chat`: from trajectories to a policy, and talking to it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from pydantic import ValidationError

from negosim._reading import describe_errors
from negosim._text import clean
from negosim.cli.decoding import Advantage, MaxTokens, MinP, Temperature, TopK, given
from negosim.errors import UserError
from negosim.plugins import suggest
from negosim.rl import read_trajectories
from negosim.seeding import Seed
from negosim.terminal.training import follow_training

if TYPE_CHECKING:
    from negosim.rl.training import TrainConfig

TRAINING = "What to train with"
MEMORY = "Memory and speed"
STEPS, BATCH = 200, 8
"""Of a short training, which takes minutes on two busy cores; `TrainConfig` has the full ones."""
TINY_RATE = 1e-3
"""Learning rate of models that begin with random weights."""


def train(
    trajectories: Annotated[
        Path,
        typer.Argument(metavar="TRAJ", help="Folder or file of trajectories; its training split is used."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Policy folder to make.")],
    algo: Annotated[
        Literal["ilql", "mc", "sft", "rft", "bc", "forward"],
        typer.Option(
            help="ilql, mc: offline RL; sft, rft: imitate the best; bc: imitate all; forward: both sides."
        ),
    ] = "ilql",
    model: Annotated[
        str,
        typer.Option(
            metavar="M", help="tiny, tiny:LAYERSxWIDTH, smollm2, a folder, or a name on the HF hub."
        ),
    ] = "tiny",
    steps: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Steps of the optimizer.", show_default=f"{STEPS}; 1000 with --full"
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Dialogues a step.", show_default=f"{BATCH}; 32 with --full"),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Train at full length: 20 times as many dialogues.")
    ] = False,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            "--learning-rate", "--lr", metavar="X", show_default=f"{TINY_RATE:g} for tiny, 0.0001 for others"
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Any other setting of the run or the algorithm, as expectile=0.7; several times.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, metavar="N")] = 0,
    max_length: Annotated[
        int | None,
        typer.Option(
            min=8,
            metavar="N",
            help="Most tokens of a dialogue; older turns are left out.",
            show_default="the model's",
        ),
    ] = None,
    begin: Annotated[
        Literal["user"] | None,
        typer.Option(
            help="user: for chat templates that refuse a system prompt or an agent who speaks first.",
            show_default="as the dialogues do",
        ),
    ] = None,
    lora: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="RANK", help="Train adapters only.", show_default=False, rich_help_panel=MEMORY
        ),
    ] = None,
    micro_batch_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Dialogues held at a time; changes memory, not results.",
            show_default="all",
            rich_help_panel=MEMORY,
        ),
    ] = None,
    precision: Annotated[Literal["fp32", "bf16"], typer.Option(rich_help_panel=MEMORY)] = "fp32",
    gradient_checkpointing: Annotated[
        bool,
        typer.Option("--gradient-checkpointing", help="Less memory, more time.", rich_help_panel=MEMORY),
    ] = False,
    compile: Annotated[
        bool, typer.Option("--compile", help="Compile the trunk.", rich_help_panel=MEMORY)
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the newest checkpoint in --out.")
    ] = False,
    track: Annotated[
        list[str] | None,
        typer.Option(
            "--track", metavar="tensorboard|wandb", help="Dashboard to follow it.", show_default=False
        ),
    ] = None,
) -> None:
    """Train a policy on trajectories.

    On several GPUs or machines, the same: accelerate launch -m negosim rl train ...
    """
    from negosim.rl.training import train as run
    from negosim.rl.training.threads import spare_cores

    config = _config(
        algo,
        {
            "model": model,
            **_length(model, steps, batch_size, learning_rate, full=full),
            "seed": seed,
            "max_length": max_length,
            "begin": begin,
            "lora_rank": lora,
            "micro_batch_size": micro_batch_size,
            "precision": precision,
            "gradient_checkpointing": gradient_checkpointing,
            "compile": compile,
        },
        settings or [],
    )
    data = list(read_trajectories(trajectories, split="train"))
    spare_cores()
    with follow_training(config.steps) as watch:
        card = run(data, out, config, resume=resume, track=track or [], watch=watch, note=_say_note)
    if _first_process():
        learnt = f"{card.trajectories:,} of {len(data):,} trajectories"
        typer.echo(f"{out}: {algo} from {model}, {config.steps:,} steps on {learnt}")
        if card.cut:
            typer.echo(f"{card.cut:,} were too long and were cut: {out / 'cut.jsonl'}")
        if card.left_out:
            typer.echo(f"{card.left_out:,} did not fit at all and were left out: {out / 'cut.jsonl'}")
        typer.echo(f"talk to it: negosim rl chat {out}")


def chat(
    policy: Annotated[Path, typer.Argument(metavar="POLICY", help="Policy folder.")],
    system: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="Context shown before the first turn.",
            show_default="that of its training",
        ),
    ] = None,
    opener: Annotated[
        Literal["agent", "user"] | None,
        typer.Option(help="Who begins: the policy (agent) or you (user).", show_default="as in its training"),
    ] = None,
    advantage: Advantage = None,
    top_k: TopK = None,
    min_p: MinP = None,
    temperature: Temperature = None,
    max_tokens: MaxTokens = None,
    seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="The same seed and words, the same talk.")
    ] = 0,
) -> None:
    """Talk to a policy. An empty line or the end of input ends the talk."""
    from negosim.rl.policy import Policy, PolicyContext, Sampling
    from negosim.rl.training.threads import spare_cores

    asked = given(
        advantage=advantage, top_k=top_k, min_p=min_p, temperature=temperature, max_tokens=max_tokens
    )
    spare_cores()
    speaker = Policy.load(policy)
    sampling = Sampling.model_validate({**speaker.card.decoding.model_dump(), **asked})
    context = speaker.card.system if system is None else system
    turns: list[tuple[Literal["agent", "user"], str]] = []
    mine = (opener or speaker.card.opener) == "agent"
    while True:
        if mine:
            number = Seed(seed, "chat", 0).number(len(turns))
            (reply,) = speaker.reply(
                [PolicyContext(tuple(turns), context)], seeds=[number], sampling=sampling
            )
            typer.echo(f"policy> {clean(reply.text)}{'' if reply.complete else ' ...'}")
            turns.append(("agent", reply.text))
        else:
            try:
                said = input("you> ").strip()
            except EOFError:
                typer.echo()
                break
            if not said:
                break
            turns.append(("user", said))
        mine = not mine


def _length(
    model: str, steps: int | None, batch_size: int | None, learning_rate: float | None, *, full: bool
) -> dict[str, Any]:
    """Return how long to train and how fast: what is given, else what suits the model."""
    usual: dict[str, Any] = {} if full else {"steps": STEPS, "batch_size": BATCH}
    if model.split(":")[0] == "tiny":
        usual["learning_rate"] = TINY_RATE
    return usual | given(steps=steps, batch_size=batch_size, learning_rate=learning_rate)


def _say_note(text: str) -> None:
    typer.echo(f"note: {text}", err=True)


def _config(algo: str, settled: dict[str, Any], settings: list[str]) -> "TrainConfig":
    """Put options and `--set NAME=VALUE` together."""
    from negosim.rl.policy import Sampling
    from negosim.rl.training import ALGORITHMS, TrainConfig

    own = set(ALGORITHMS[algo].model_fields) - {"algo"}
    spoken = set(Sampling.model_fields) - own
    other = set(TrainConfig.model_fields) - set(settled) - {"algorithm", "decoding"}
    decoding: dict[str, Any] = {}
    algorithm: dict[str, Any] = {"algo": algo}
    for setting in settings:
        name, sign, value = setting.partition("=")
        if not sign or name not in own | other | spoken:
            known = own | other | spoken
            raise UserError(f"--set {setting}: {algo} has no setting {name!r}; {suggest(name, known)}")
        (algorithm if name in own else decoding if name in spoken else settled)[name] = value
    try:
        return TrainConfig.model_validate({**settled, "algorithm": algorithm, "decoding": decoding})
    except ValidationError as error:
        problem = describe_errors(error)[0]
        raise UserError(f"--set {problem.where[-1]}: {problem.what}") from None


def _first_process() -> bool:
    from accelerate import PartialState

    return bool(PartialState().is_main_process)
