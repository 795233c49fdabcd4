"""How the cues of Job Interview's acts were found: `negosim/gnome/acts.yaml`.

    python benchmarks/gnome_acts.py JOB_INTERVIEW_RUN > negosim/gnome/acts.yaml

Acts and texts are realigned with a first guess of patterns; a sparse logistic model is fitted to what comes
of it, and realigns them anew, and so on (hard expectation maximisation). Needs scikit-learn.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import yaml

from negosim.gnome import _acts
from negosim.store import Run

ROUNDS = 4
ACTS = ("greet", "inquire", "propose", "agree", "disagree", "inform", "unk")

GUESS = {
    "greet": "hi hello hey morning afternoon",
    "inquire": "? ^what ^how ^can ^would ^do ^are",
    "propose": "# offer how_about what_about let's",
    "agree": "ok okay yes sure deal agree agreed great accept fine good yeah",
    "disagree": "no not can't cannot don't but too sorry won't",
    "inform": "because i_have i_am i_want i_prefer i_need",
    "unk": "",
}


def main(place: str) -> None:
    rows = [
        ([turn.utterance.text for turn in dialogue.turns], _acts.groups_in(str(dialogue.facts["acts"])))
        for dialogue in Run.open(Path(place))
        if dialogue.facts.get("acts")
    ]
    model = {act: {"always": -2.0, **dict.fromkeys(words.split(), 3.5)} for act, words in GUESS.items()}
    for number in range(ROUNDS):
        spans, explained = _spans(rows, model)
        print(f"round {number}: {explained} of {len(rows)} rows explained", file=sys.stderr, flush=True)
        model = _fitted(spans)
    print(f"at last: {_spans(rows, model)[1]} of {len(rows)} rows explained", file=sys.stderr)
    print("# Cues of the acts of Job Interview: log-odds, made by benchmarks/gnome_acts.py. Frozen.")
    print(yaml.safe_dump({"acts": model}, sort_keys=False, allow_unicode=True, width=110), end="")


def _spans(rows: list, model: dict) -> tuple[list[tuple[str, frozenset[str]]], int]:
    """Return the turns of all rows with their acts, and how many rows the model explains."""
    _acts._model = lambda: model
    least, found, explained = _acts.EXPLAINED, [], 0
    for texts, groups in rows:
        explained += _acts.realigned(texts, groups) is not None
        _acts.EXPLAINED = 0.0
        spans = _acts.realigned(texts, groups) or []
        _acts.EXPLAINED = least
        found += [(" ".join(texts[span.start : span.stop]), span.acts) for span in spans]
    return found, explained


def _fitted(spans: Iterable[tuple[str, frozenset[str]]]) -> dict[str, dict[str, float]]:
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    texts, acts = zip(*spans, strict=True)
    counter = CountVectorizer(analyzer=_acts.cues, min_df=5, binary=True)
    features = counter.fit_transform(texts)
    names = counter.get_feature_names_out()
    model = {}
    for act in ACTS:
        fit = LogisticRegression(C=1.0, l1_ratio=1.0, solver="liblinear", max_iter=300)
        fit.fit(features, [act in given for given in acts])
        weights = {
            str(name): round(float(weight), 1)
            for name, weight in zip(names, fit.coef_[0], strict=True)
            if abs(weight) >= 0.15
        }
        model[act] = {"always": round(float(fit.intercept_[0]), 1), **weights}
    return model


if __name__ == "__main__":
    main(sys.argv[1])
