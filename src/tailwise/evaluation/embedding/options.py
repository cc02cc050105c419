"""Options of the map of embeddings."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from tailwise.core.errors import UserError

LEAST = 3
"""Labels without which there is no map."""


@dataclass(frozen=True)
class EmbeddingMap:
    """method: t-SNE, or UMAP, which needs umap-learn
    perplexity: about the number of neighbours that a place on the map follows from; at most a third of the labels

    most: labels on the map; of more, as many of each class as fit, the rare ones whole
    seed: of the draw of these, and of the start of the map where PCA gives none
    """

    perplexity: float = 30.0
    most: int = 1000
    seed: int = 1
    method: Literal["tsne", "umap"] = "tsne"

    def __post_init__(self):
        if self.perplexity < 1 or self.most < LEAST or not 0 <= self.seed < 2**32:
            raise ValueError(f"perplexity must be 1 or more, most {LEAST} or more, and seed not negative")


def check_package(options: EmbeddingMap) -> None:
    """Raise UserError if the method's package is not installed."""
    if options.method == "umap" and find_spec("umap") is None:
        raise UserError("map.method: umap needs umap-learn: pip install -r requirements-umap.txt -c constraints.txt")
