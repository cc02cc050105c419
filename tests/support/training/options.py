"""Each option of a phase by name, a model that ends the process at one evaluation, and all that a phase leaves."""

import json
from functools import partial

from torch import nn

from support.helpers import HEADS, Linear, make_phase
from tailwise.engine.contract.mixing import Mixup
from tailwise.engine.contract.options import EarlyStopping
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.strength import ClassStrength
from tailwise.optim.adamw import AdamW
from tailwise.optim.average import EMA, SWA
from tailwise.optim.linear import Linear as Line
from tailwise.optim.plateau import Plateau
from tailwise.optim.ranger import Ranger
from tailwise.optim.sam import SAM
from tailwise.optim.sgd import SGD


class Stop(BaseException):
    pass


class Calls:
    """Counted together for a model and its averaged copy."""

    def __init__(self):
        self.number = 0

    def __deepcopy__(self, memo):
        return self


class Model(Linear):
    """With batch norm and dropout; ends the process, as it were, at one evaluation."""

    def __init__(self, at: int | None = None, error: type[BaseException] = Stop):
        super().__init__(5, HEADS, dropout=0.3)
        self.norm, self.at, self.error, self.calls = nn.BatchNorm1d(5), at, error, Calls()

    def forward(self, x):
        self.calls.number += 1
        if self.calls.number == self.at:
            raise self.error
        return super().forward(self.norm(x))


PHASE = partial(make_phase, epochs=4, lr=3e-2, augment=1.0, optimizer=AdamW("adamw", 0.1))
CONSTANT = Line("linear")
OPTIONS: dict[str, Phase] = {
    "sgd": PHASE(optimizer=SGD("sgd", 0.1, nesterov=True)),
    "sam": PHASE(optimizer=SAM("sam", SGD("sgd", 0.1), rho=0.5)),
    "ranger": PHASE(optimizer=Ranger("ranger", 0.1, k=2)),
    "plateau": PHASE(schedule=Plateau("plateau", 0, 0.5)),
    "early stopping": PHASE(early_stopping=EarlyStopping(1, min_delta=1.0)),
    "ema": PHASE(average=EMA("ema", 0.8)),
    "swa": PHASE(average=SWA("swa", 2)),
    "keep every": PHASE(keep_every=2),
    "mix": PHASE(mix=Mixup("mixup", 0.5), average=SWA("swa", 2)),
    "augment by class": PHASE(augment_by_class=ClassStrength(rarity=0.8), average=SWA("swa", 2)),
    "last": PHASE(hand_over="last", average=EMA("ema", 0.8), early_stopping=EarlyStopping(1, min_delta=1.0)),
}


def growing(epoch):
    """A curriculum: more samples an epoch."""
    return range(6 + 4 * epoch)


def outcome(trained, folder=None):
    """All that a phase leaves, comparable."""
    kept = {file.name: file.read_bytes() for file in folder.glob("epoch*")} if folder else {}
    last = trained.last and (
        {name: t.tolist() for name, t in trained.last.tensors.items()},
        json.dumps(trained.last.guard),
    )
    weights = {name: tensor.tolist() for name, tensor in trained.weights.items()}
    history = json.dumps([record.to_json() for record in trained.history])  # as text, NaN equals NaN
    return weights, history, trained.best, trained.stopped, last, kept
