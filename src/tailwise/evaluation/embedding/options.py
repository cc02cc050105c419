"""Options of the map of embeddings."""

from dataclasses import dataclass

LEAST = 3
"""Labels without which there is no map."""


@dataclass(frozen=True)
class EmbeddingMap:
    """perplexity: about the number of neighbours that a place on the map follows from; at most a third of the labels

    most: labels on the map; of more, as many of each class as fit, the rare ones whole
    seed: of the draw of these, and of the start of the map where PCA gives none
    """

    perplexity: float = 30.0
    most: int = 1000
    seed: int = 1

    def __post_init__(self):
        if self.perplexity < 1 or self.most < LEAST or not 0 <= self.seed < 2**32:
            raise ValueError(f"perplexity must be 1 or more, most {LEAST} or more, and seed not negative")
