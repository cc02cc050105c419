"""Knowledge distillation: a head learns from the softened answers of a teacher, a trained model, besides its labels.

Source: Hinton, Vinyals and Dean 2015, https://arxiv.org/abs/1503.02531, section 2
"""

from collections.abc import Collection
from dataclasses import dataclass, field

import torch

from tailwise.core.errors import UserError


@dataclass(frozen=True)
class Distil:
    """How much a phase learns from its teacher: a head's loss is (1 - weight) L + weight `softened_divergence`.

    weight: in [0, 1]; 0: as without a teacher
    temperature: of the softened answers, above 0; temperatures: {head: another one}
    """

    weight: float
    temperature: float = 2.0
    temperatures: dict[str, float] = field(default_factory=dict[str, float])

    def __post_init__(self):
        if not 0 <= self.weight <= 1:
            raise ValueError(f"weight must be within [0, 1], found {self.weight:g}; 0 is without a teacher")
        named = {f"temperatures.{head}": value for head, value in self.temperatures.items()}
        for key, value in {"temperature": self.temperature, **named}.items():
            if value <= 0:
                raise ValueError(f"{key} must be positive, found {value:g}; 1 leaves the answers as they are")

    def temperature_of(self, head: str) -> float:
        return self.temperatures.get(head, self.temperature)

    def check(self, heads: Collection[str]) -> None:
        """Raise UserError for heads that are not the task's, or for a task without any."""
        if not heads:
            raise UserError("distil has no effect: the task has no head")
        for name in self.temperatures:
            if name not in heads:
                raise UserError(f"distil.temperatures.{name}: the task has no such head; it has {', '.join(heads)}")


def softened_divergence(logits: torch.Tensor, teacher: torch.Tensor, temperature: float) -> torch.Tensor:
    """T^2 KL(p || q), (...), where p and q are the softmax of the teacher's and the student's logits divided by T.

    logits, teacher: (..., C), those of the teacher up to a constant, such as log probabilities
    The factor keeps the size of the gradient as T changes; for a large T it is that of half the squared difference of
    the centred logits, divided by C.
    """
    log_q = (logits.float() / temperature).log_softmax(dim=-1)
    log_p = (teacher.float() / temperature).log_softmax(dim=-1)
    return temperature**2 * (log_p.exp() * (log_p - log_q)).sum(dim=-1)
