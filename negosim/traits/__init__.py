"""Traits: dispositions that a run can give to roles, in words and as parameters of embedded participants.

A list of traits is a YAML file, found as other plugins are; `courtroom` and `big-five` come with negosim.
"""

from negosim.traits._choice import TraitChoice, alternatives, read_choice, read_choices
from negosim.traits._load import Trait, TraitList, list_trait_lists, load_trait_list, traits_by_id
from negosim.traits._parameters import NEGOTIATOR, PARAMETERS, favour, has_effect, shift, shifted

__all__ = [
    "NEGOTIATOR",
    "PARAMETERS",
    "Trait",
    "TraitChoice",
    "TraitList",
    "alternatives",
    "favour",
    "has_effect",
    "list_trait_lists",
    "load_trait_list",
    "read_choice",
    "read_choices",
    "shift",
    "shifted",
    "traits_by_id",
]
