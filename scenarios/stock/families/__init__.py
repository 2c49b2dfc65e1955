"""The families of highway-env's environments: what each rewards, when it ends, what it tells. One file each.

A new family is a file here with its ``RULES``, and an entry of ``ids.IDS`` that names it.
"""

from functools import cache
from importlib import import_module

from scenarios.stock.family_rules import FamilyRules

__all__ = ["rules_of"]


@cache
def rules_of(family: str) -> FamilyRules:
    """The rules of a family; imports nothing but what it needs.

    Args:
        family: The name of its file, ``StockId.family``.
    """
    rules = import_module(f"{__name__}.{family}").RULES
    assert isinstance(rules, FamilyRules), f"RULES of the family {family}"
    return rules
