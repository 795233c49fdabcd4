"""Open-domain negotiations from closed-domain ones (GNOME, Deshpande et al. 2024)."""

from negosim.gnome._classifier import ClassifierCard, ClassifierSpec, StrategyClassifier
from negosim.gnome._clusters import DomainClusters, domain_clusters
from negosim.gnome._corpus import StrategyDialogue, StrategyUtterance
from negosim.gnome._domains import FREE, DomainMemory
from negosim.gnome._experiments import SETTINGS, TRAININGS, ExperimentRow, Experiments, experiments
from negosim.gnome._export import export_corpus
from negosim.gnome._inputs import labelled_texts, mask
from negosim.gnome._labels import LabelMap, StrategySource, label_map, map_digest
from negosim.gnome._lexicon import TargetDomain, leftovers, target_domains
from negosim.gnome._map import map_dialogues, map_dialogues_async, mapping_folder
from negosim.gnome._map_plan import COPIES
from negosim.gnome._mappers import RULES
from negosim.gnome._markers import END, MarkedReading, read_marked
from negosim.gnome._metrics import Interval
from negosim.gnome._near import NearIndex, normalised
from negosim.gnome._pairs import PAIRS, SAMPLE, PairAgreement, pair_agreement, write_pairs
from negosim.gnome._post import DROPS, MOST_LEFT, MappedAnswer, PostProcessed, post_process
from negosim.gnome._rules import map_by_rules
from negosim.gnome._skew import TOP, rarity_scores, seed_set, strategy_shares
from negosim.gnome._sources import MAPPED, LabelledSources, SourceCounts, labelled, source_of
from negosim.gnome._split import StrategySplit, split_by_group
from negosim.gnome._strategy_judge import STRATEGIES, StrategyJudge
from negosim.gnome._told import PAPER, claim_differences, experiments_table
from negosim.gnome._write import licences, write_run, write_seeds

__all__ = [
    "COPIES",
    "DROPS",
    "END",
    "FREE",
    "MAPPED",
    "MOST_LEFT",
    "PAIRS",
    "PAPER",
    "RULES",
    "SAMPLE",
    "SETTINGS",
    "STRATEGIES",
    "TOP",
    "TRAININGS",
    "ClassifierCard",
    "ClassifierSpec",
    "DomainClusters",
    "DomainMemory",
    "ExperimentRow",
    "Experiments",
    "Interval",
    "LabelMap",
    "LabelledSources",
    "MappedAnswer",
    "MarkedReading",
    "NearIndex",
    "PairAgreement",
    "PostProcessed",
    "SourceCounts",
    "StrategyClassifier",
    "StrategyDialogue",
    "StrategyJudge",
    "StrategySource",
    "StrategySplit",
    "StrategyUtterance",
    "TargetDomain",
    "claim_differences",
    "domain_clusters",
    "experiments",
    "experiments_table",
    "export_corpus",
    "label_map",
    "labelled",
    "labelled_texts",
    "leftovers",
    "licences",
    "map_by_rules",
    "map_dialogues",
    "map_dialogues_async",
    "map_digest",
    "mapping_folder",
    "mask",
    "normalised",
    "pair_agreement",
    "post_process",
    "rarity_scores",
    "read_marked",
    "seed_set",
    "source_of",
    "split_by_group",
    "strategy_shares",
    "target_domains",
    "write_pairs",
    "write_run",
    "write_seeds",
]
