"""Where the model looked, and how uncertain it is: what the report shows of a picture."""

from typing import Any

import torch

from tailwise.core.errors import UserError
from tailwise.engine.batches.memory import TOO_LARGE, catch_oom
from tailwise.engine.contract.task import Task
from tailwise.losses.image.aleatoric import UNCERTAINTY
from tailwise.models.image.classifier import ImageClassifier, ImageEnsemble
from tailwise.models.image.monte_carlo_dropout import predictive_uncertainty

PASSES, SEED = 20, 1
"""With dropout, for the predictive uncertainty."""


def explain(task: Task, sample: str, head: str, device: torch.device) -> dict[str, Any]:
    """{"attention": a map's rows, of a vision transformer; "uncertainty": see `uncertainty_of`}.

    The model is on `device`, in evaluation mode. Raises UserError if memory does not hold one picture.
    """
    item = task.valid[list(task.valid.names).index(sample)]
    image = task.valid.collate([item]).to(device).inputs["image"]
    assert isinstance(task.model, ImageClassifier | ImageEnsemble)
    model = task.model
    found = catch_oom(lambda: (model.attention_map(image), uncertainty_of(model, head, image)))
    if found is None:
        raise UserError(TOO_LARGE)
    seen, uncertainty = found
    attention = {} if seen is None else {"attention": [[round(x, 5) for x in row] for row in seen[0].tolist()]}
    return {**attention, "uncertainty": uncertainty}


@torch.no_grad()
def uncertainty_of(model: ImageClassifier | ImageEnsemble, head: str, image: torch.Tensor) -> dict[str, float]:
    """{"entropy", "expected_entropy", "mutual_information"} in nats, see `PredictiveUncertainty`; and "log_variance"
    where the model predicts one.

    image: (1, 3, H, W)
    """
    found = predictive_uncertainty(model, lambda: model(image)[head], PASSES, SEED)
    entropies = {name: getattr(found, name).item() for name in ("entropy", "expected_entropy", "mutual_information")}
    outputs = model(image)
    variance = {"log_variance": outputs[UNCERTAINTY].item()} if UNCERTAINTY in outputs else {}
    return {name: round(value, 5) for name, value in {**entropies, **variance}.items()}
