"""Whether a higher or a lower value of a figure is better, by its name."""

import re

HIGHER, LOWER = "higher", "lower"
BETTER = {
    **dict.fromkeys(("recall", "precision", "f1", "accuracy", "top", "iou", "overlap", "found"), HIGHER),
    **dict.fromkeys(("measure", "agreement", "score", "auc", "map"), HIGHER),
    **dict.fromkeys(("loss", "error", "ece", "classwise", "brier", "nll", "above"), LOWER),
    **dict.fromkeys(("deviation", "distance", "seconds", "bytes"), LOWER),
}
"""{word: whether a higher or a lower figure is better}. A figure counts by the first of these words in its path, whose
parts are read from the left, so that the name of a class decides nothing: ``action.recall.Dive`` is a recall. Within
a part the last word counts: ``recall_error`` is an error. A figure without such a word is not judged."""


def better(figure: str) -> str | None:
    """HIGHER or LOWER, by the rule of BETTER; None for a figure that is not judged. figure: dotted path"""
    for part in figure.split("."):
        words = re.split(r"[\W_]+", part.lower())
        names = [name for word in words for name in (word, word.rstrip("0123456789")) if name in BETTER]
        if names:
            return BETTER[names[-1]]
    return None
