"""Where the model looked, and how uncertain it is: what the report shows of a picture."""

from typing import Any

import torch

from tailwise.core.errors import UserError
from tailwise.engine.batches.memory import TOO_LARGE, catch_oom
from tailwise.engine.contract.task import Task
from tailwise.losses.image.aleatoric import UNCERTAINTY
from tailwise.models.image.classifier import ImageClassifier, ImageEnsemble
from tailwise.models.image.doubt import doubt

PASSES, SEED = 20, 1
"""With dropout, for the predictive uncertainty."""


def explain(task: Task, sample: str, head: str, device: torch.device) -> dict[str, Any]:
    """{"attention": a map's rows, of a vision transformer; "doubt": see `doubt_of`}.

    The model is on `device`, in evaluation mode. Raises UserError if memory does not hold one picture.
    """
    item = task.valid[list(task.valid.names).index(sample)]
    image = task.valid.collate([item]).to(device).inputs["image"]
    assert isinstance(task.model, ImageClassifier | ImageEnsemble)
    model = task.model
    found = catch_oom(lambda: (model.attention_map(image), doubt_of(model, head, image)))
    if found is None:
        raise UserError(TOO_LARGE)
    seen, doubts = found
    attention = {} if seen is None else {"attention": [[round(x, 5) for x in row] for row in seen[0].tolist()]}
    return {**attention, "doubt": doubts}


@torch.no_grad()
def doubt_of(model: ImageClassifier | ImageEnsemble, head: str, image: torch.Tensor) -> dict[str, float]:
    """{"total", "within", "between": entropies in nats, see `Doubt`; "log_variance": where the model predicts one}.

    image: (1, 3, H, W)
    """
    found = doubt(model, lambda: model(image)[head], PASSES, SEED)
    entropies = {name: getattr(found, name).item() for name in ("total", "within", "between")}
    outputs = model(image)
    variance = {"log_variance": outputs[UNCERTAINTY].item()} if UNCERTAINTY in outputs else {}
    return {name: round(value, 5) for name, value in {**entropies, **variance}.items()}
