"""The lie check on simulated negotiators' own sentences, and how much these negotiators learn.

Their sentences come from the very lists the check compares with, so that the first table is no measure of it:
`lie_check.py` is.

Makes 10 scenarios x 2 conditions x N dialogues with the simulated negotiator, holds every recorded claim
against the speaker's brief and payoff, and asks both sides for their beliefs before and after.

    python benchmarks/simulated_claims.py [N] [SEED]
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

from negosim import Condition, Run, RunConfig, generate
from negosim.judging import Statement, judge, verdict
from negosim.judging._situations import situations
from negosim.measures import Estimate, belief_rows, difference, estimate
from negosim.scenarios import list_scenarios, load_scenario


def main(dialogues: int, seed: int) -> None:
    config = RunConfig(
        scenarios=tuple(name for name in list_scenarios() if load_scenario(name).has_deals),
        dialogues=dialogues,
        conditions=(Condition(), Condition(deceptive=(1,))),
        seed=seed,
    )
    with tempfile.TemporaryDirectory() as folder:
        run = generate(config, out=Path(folder) / "run")
        print(f"{len(run)} dialogues, seed {seed}\n")
        claims(run)
        judge(run, judges=["oracle"], questions=["beliefs"])
        beliefs(run)


def claims(run: Run) -> None:
    """Print, by subject, how many claims are decided and how many of these verdicts are right."""
    decided, right, total = Counter[str](), Counter[str](), Counter[str]()
    for dialogue in run:
        scenario = run.scenario_of(dialogue)
        made_in = situations(dialogue.turns, scenario)
        for turn in dialogue.turns:
            for claim in turn.claims:
                statement = Statement(claim.subject, claim.quote, claim.issue, claim.stated)
                truth = verdict(
                    statement, scenario.roles[turn.role], scenario.issues, made_in[turn.index]
                ).truth
                total[claim.subject] += 1
                decided[claim.subject] += truth != "unverifiable"
                right[claim.subject] += truth == ("true" if claim.true else "false")
    print(f"{'claims about':<14}{'n':>7}{'decided':>10}{'right':>10}")
    for subject, count in sorted(total.items()):
        known = decided[subject]
        share = f"{right[subject] / known:.1%}" if known else "-"
        print(f"{subject:<14}{count:>7}{known / count:>10.1%}{share:>10}")
    print()


def beliefs(run: Run) -> None:
    """Print the errors of beliefs before and after, by condition and whom they are about."""
    rows = belief_rows(run)
    print(f"{'error of':<20}{'condition':<13}{'about':<9}{'before':>21}{'after':>21}{'change':>8}")
    for kind in ("reservation_error", "priority_error"):
        for (condition, about), group in rows.groupby(["condition", "about"]):
            before, after = (estimate(group[group["when"] == when], kind) for when in ("before", "after"))
            change = difference(group, kind, between="when", a="before", b="after").value
            moved = "-" if change is None else f"{change:+.3f}"
            print(
                f"{kind:<20}{condition:<13}agent {int(about) + 1:<3}"
                f"{shown(before):>21}{shown(after):>21}{moved:>8}"
            )


def shown(found: Estimate) -> str:
    if found.value is None or found.low is None or found.high is None:
        return found.note or "-"
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


if __name__ == "__main__":
    main(*[int(given) for given in sys.argv[1:3]] if len(sys.argv) > 2 else (10, 2024))
