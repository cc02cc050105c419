"""Reads what errors cost from a YAML file."""

from collections.abc import Iterable
from pathlib import Path

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.core.params.config import read_params
from tailwise.core.params.typed import convert
from tailwise.evaluation.costs.decisions import Costs


def read_costs(file: Path, heads: Iterable[Head]) -> dict[str, Costs]:
    """{head: its costs}. Raises UserError for an unknown head, class or key."""
    values, known = read_params(file), {head.name: head for head in heads}
    if unknown := [name for name in values if name not in known]:
        raise UserError(f"{file}: {unknown[0]} is no head; there are {', '.join(known)}")
    try:
        found = {name: convert(Costs, value, name) for name, value in values.items()}
        for name, of_head in found.items():
            of_head.matrix(known[name])
        return found
    except UserError as error:
        raise UserError(f"{file}: {error}") from error
