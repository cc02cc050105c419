"""Gradient norms of a model's blocks: where in its depth a gradient vanishes or explodes."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MOST = 8
"""Blocks of a model: as many as one chart tells apart."""

Sizes = Mapping[str, int]
"""{parameter name: numbers in it}, in model order."""


@dataclass(frozen=True)
class Block:
    """Parameters that lie beside each other. path: of the module that has them all; name: for people"""

    path: tuple[str, ...]
    names: tuple[str, ...]
    name: str


def blocks_of(sizes: Sizes, most: int = MOST) -> dict[str, str]:
    """{parameter name: block}, in model order; up to `most` blocks.

    The largest block is divided into the modules below it, until there are enough; of more modules than there is room
    for, neighbours stay together.
    """
    found = [_block((), tuple(sizes))] if sizes else []
    while (divided := _divide(found, sizes, most)) is not None:
        found = divided
    return {name: block.name for block in found for name in block.names}


def norms_of(layers: Mapping[str, float], blocks: Mapping[str, str]) -> dict[str, float]:
    """{block: norm of its gradient} from {parameter name: norm}; without blocks that have no gradient."""
    squares: dict[str, float] = {}
    for name, norm in layers.items():
        squares[blocks[name]] = squares.get(blocks[name], 0.0) + norm * norm
    return {name: math.sqrt(total) for name, total in squares.items()}


def _divide(blocks: list[Block], sizes: Sizes, most: int) -> list[Block] | None:
    """With the largest block divided that can be; None if none can."""
    room = most - len(blocks) + 1
    largest_first = sorted(blocks, key=lambda block: -sum(sizes[name] for name in block.names))
    for block in largest_first if room > 1 else ():
        parts = list(_parts(block, room))
        if len(parts) > 1:
            place = blocks.index(block)
            return [*blocks[:place], *parts, *blocks[place + 1 :]]
    return None


def _parts(block: Block, room: int) -> Iterator[Block]:
    """The modules of a block, neighbours together where there are more than `room`."""
    children: dict[tuple[str, ...], list[str]] = {}
    for name in block.names:
        children.setdefault(_module(name)[: len(block.path) + 1], []).append(name)
    paths = list(children)
    runs = min(room, len(paths))
    for run in range(runs):
        some = paths[run * len(paths) // runs : (run + 1) * len(paths) // runs]
        names = tuple(name for path in some for name in children[path])
        yield _block(block.path, names) if len(some) == 1 else _bundle(block.path, some, names)


def _block(path: tuple[str, ...], names: tuple[str, ...]) -> Block:
    """A block of these parameters, with the longest path that they have in common."""
    modules = [_module(name) for name in names]
    while all(module[: len(path) + 1] == modules[0][: len(path) + 1] for module in modules):
        if len(path) == len(modules[0]):
            break
        path = modules[0][: len(path) + 1]
    return Block(path, names, ".".join(path) or "model")


def _bundle(path: tuple[str, ...], some: list[tuple[str, ...]], names: tuple[str, ...]) -> Block:
    """Several modules beside each other, named after the first and the last."""
    return Block(path, names, f"{'.'.join(some[0])} to {'.'.join(some[-1][len(path) :]) or 'itself'}")


def _module(name: str) -> tuple[str, ...]:
    """The path of the module that has a parameter."""
    return tuple(name.split(".")[:-1])
