"""The figures of every model of actions."""

from tailwise.core.heads import Head
from tailwise.engine.contract.metric import Metric
from tailwise.metrics.classification import Classification
from tailwise.metrics.confidence import Confidence
from tailwise.metrics.top_k import TopK


def metrics(heads: tuple[Head, ...]) -> dict[str, Metric]:
    """Each head's figures; top-k accuracy and confidence of the first head."""
    first = heads[0]
    of_heads = {head.name: Classification(head) for head in heads}
    return {**of_heads, "top": TopK(first, (1, 5)), "confidence": Confidence(first)}
