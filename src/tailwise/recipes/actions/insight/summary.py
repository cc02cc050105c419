"""What answers rest on, summed over a split and averaged by class: streams, time steps, attention between them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, cast

import torch

from tailwise.core.heads import IGNORE, Head
from tailwise.data.video.store.tokens import Tokens
from tailwise.engine.contract.task import Task
from tailwise.models.action.model import ActionModel
from tailwise.models.frozen.streams import NAMES
from tailwise.recipes.actions.insight.importance import gradient_shares, step_importance, without_stream

BATCH = 64
Given = tuple[dict[str, torch.Tensor], torch.Tensor]
"""{stream: tokens (B, T, D)} of the first view, and class ids (B,)."""


def summarise(task: Task, head: Head, device: torch.device) -> dict[str, Any]:
    """As JSON: {"clips", "accuracy", "without": {stream: accuracy}, "classes": {class: `averages`}, "all": `averages`}.

    The model is on `device`, in evaluation mode. Clips without a label are left out.
    """
    split, model = cast(Tokens, task.valid), cast(ActionModel, task.model)
    means = mean_tokens(split, head, device)
    sums: dict[int, Sums] = defaultdict(Sums)
    right: dict[str, int] = defaultdict(int)
    for tokens, ids in batches(split, head, device):
        measured, logits = measure(model, tokens, means, head.name, ids)
        for name, of in logits.items():
            right[name] += int((of.argmax(dim=1) == ids).sum())
        for place, label in enumerate(ids.tolist()):
            sums[label].add({name: of[place] for name, of in measured.items()})
    count = sum(of.count for of in sums.values())
    every = Sums.of(sums.values())
    return {
        "clips": count,
        "accuracy": round(right["full"] / count, 6),
        "without": {name: round(right[name] / count, 6) for name in NAMES},
        "classes": {head.classes[label]: sums[label].averages() for label in sorted(sums)},
        "all": every.averages(),
    }


class Sums:
    """Sums of measures, {name: tensor}, of so many clips."""

    def __init__(self):
        self.count, self.sums = 0, dict[str, torch.Tensor]()

    def add(self, measured: Mapping[str, torch.Tensor], count: int = 1) -> None:
        self.count += count
        for name, value in measured.items():
            self.sums[name] = self.sums[name] + value if name in self.sums else value

    @classmethod
    def of(cls, several: Any) -> "Sums":
        found = cls()
        for each in several:
            found.add(each.sums, each.count)
        return found

    def averages(self) -> dict[str, Any]:
        """{"clips", and by stream: "attention" as rows, "steps", "fall" in nats, "gradient" as a share}"""
        found: dict[str, Any] = {"clips": self.count, "attention": {}, "steps": {}, "fall": {}, "gradient": {}}
        for name, value in self.sums.items():
            kind, _, stream = name.partition(" ")
            found[kind][stream] = _as_lists(value / self.count)
        return found


def _as_lists(value: torch.Tensor) -> Any:
    if value.ndim == 0:
        return round(value.item(), 4)
    return [_as_lists(each) for each in value]


def measure(
    model: ActionModel, tokens: dict[str, torch.Tensor], means: dict[str, torch.Tensor], head: str, ids: torch.Tensor
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """({"kind stream": (B, ...)} on the CPU, {"full" or the stream that is taken away: logits (B, C)})."""
    with torch.no_grad():
        outputs, maps = model.look(**tokens)
    logits = {"full": outputs[head], **without_stream(model, tokens, means, head)}
    told = {name: of.log_softmax(dim=1).gather(1, ids[:, None])[:, 0] for name, of in logits.items()}
    shares = gradient_shares(model, tokens, means, head, ids)
    found = {f"attention {name}": of.mean(dim=1) for name, of in maps.items()}
    found |= {f"steps {name}": of for name, of in step_importance(model, tokens, means, head, ids).items()}
    found |= {f"fall {name}": told["full"] - told[name] for name in NAMES}
    found |= {f"gradient {name}": shares[:, place] for place, name in enumerate(NAMES)}
    return {name: of.cpu() for name, of in found.items()}, logits


def batches(split: Tokens, head: Head, device: torch.device) -> Iterator[Given]:
    """The labelled clips of a split, in its order."""
    labels = split.labels(head.name)
    places = [place for place in range(len(split)) if labels[place] != IGNORE]
    for first in range(0, len(places), BATCH):
        batch = split.collate([split[place] for place in places[first : first + BATCH]]).to(device)
        tokens = {name: batch.inputs[name] for name in NAMES}
        first_views = {name: of[:, 0] if split.all_passes else of for name, of in tokens.items()}
        yield first_views, batch.targets[head.name]


def mean_tokens(split: Tokens, head: Head, device: torch.device) -> dict[str, torch.Tensor]:
    """{stream: (D,)}: the mean over clips and time."""
    sums, count = dict[str, torch.Tensor](), 0
    for tokens, ids in batches(split, head, device):
        for name, of in tokens.items():
            sums[name] = sums.get(name, torch.zeros(1, device=device)) + of.mean(dim=1).sum(dim=0)
        count += len(ids)
    return {name: of / count for name, of in sums.items()}
