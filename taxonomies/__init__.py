"""Taxonomies: named lists of tactics (persuasion) and techniques (deception).

`persuasion.jsonl` has the 34 tactics a speaker chooses from; `deception.json` the techniques the
deceptive condition offers to the reflection. Any JSON or JSONL file of tactics is a taxonomy.
"""

from negosim.taxonomies._load import Tactic, TacticWords, Taxonomy, list_taxonomies, load_taxonomy

__all__ = ["Tactic", "TacticWords", "Taxonomy", "list_taxonomies", "load_taxonomy"]
