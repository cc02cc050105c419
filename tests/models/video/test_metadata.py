"""Embeddings of what is known of a view."""

from dataclasses import dataclass

import pytest
import torch

from tailwise.core.heads import Head
from tailwise.losses.uncertainty import log_variance_output
from tailwise.models.video.metadata import ViewEmbeddings
from tailwise.models.video.multiview import Additions, Embedder, Model, view_output
from tailwise.models.video.tiny import Tiny
from tailwise.models.video.variants import Dual, Optimized, Progressive, Simplified

HEADS = (Head("action", ("Holding", "Dive")),)
CONTACT = Head("contact", ("With contact", "Without contact"))
KINDS = [
    Simplified(0.0, "simplified"), Progressive(0.0, "progressive"), Optimized(0.0, "optimized"), Dual(0.0, "dual"),
]  # fmt: skip
MASK = torch.tensor([[True, True], [True, False]])


@dataclass(frozen=True)
class Added(Model):
    added: Additions = Additions()

    def additions(self) -> Additions:
        return self.added


def built(added: Additions, variant=KINDS[0]):
    torch.manual_seed(1)
    return Added(variant, Tiny("tiny", width=8), added).build(HEADS, (4, 32, 48))


def clips():
    return torch.randint(0, 256, (2, 2, 4, 32, 48, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def test_the_sum_of_the_embeddings_by_hand():
    table = ViewEmbeddings({"replay": 2, "camera": 3}, 2)
    assert not any(weight.any() for weight in table.parameters())
    table.of["replay"].weight.data = torch.tensor([[0.0, 0.0], [1.0, 2.0]])
    table.of["camera"].weight.data = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 30.0]])
    assert table(torch.tensor([[0, 0], [1, 1], [1, 2]])).tolist() == [[0.0, 0.0], [11.0, 2.0], [1.0, 32.0]]


@pytest.mark.parametrize("variant", KINDS, ids=lambda kind: kind.kind)
@torch.no_grad()
def test_an_embedding_changes_the_answer_and_that_of_an_absent_view_does_not(variant):
    plain, model = built(Additions(), variant).eval(), built(Additions(metadata={"replay": 3}), variant).eval()
    known = torch.tensor([[[1], [2]], [[1], [0]]])
    before = plain(clips(), MASK)["action"]
    assert torch.equal(model(clips(), MASK, known)["action"], before)  # all 0 at the start
    torch.nn.init.normal_(model.metadata.of["replay"].weight, std=2.0)
    after = model(clips(), MASK, known)["action"]
    assert not torch.isclose(after, before).all(dim=1).any()
    absent, present = known.clone(), known.clone()
    absent[1, 1], present[0, 1] = 2, 1
    assert torch.equal(model(clips(), MASK, absent)["action"], after)
    changed = model(clips(), MASK, present)["action"]
    assert not torch.equal(changed[0], after[0]) and torch.allclose(changed[1], after[1], atol=1e-6)
    assert torch.equal(model.look(clips(), MASK, known)[0]["action"], after)


def test_the_embedding_acts_on_a_view_alone_too_and_gets_a_gradient():
    model, known = built(Additions(metadata={"replay": 3})), torch.tensor([[[1], [2]], [[1], [2]]])
    outputs = model(clips(), MASK, known)
    outputs[view_output("action")][0].sum().backward()  # the first view, live
    assert model.metadata.of["replay"].weight.grad.any(dim=1).tolist() == [False, True, False]


def test_what_is_added_changes_no_first_weight_of_the_rest():
    plain, more = built(Additions()), built(Additions((CONTACT,), {"replay": 3}, ("action", "contact")))
    weights = more.state_dict()
    assert all(torch.equal(weights[name], tensor) for name, tensor in plain.state_dict().items())
    names = {"fusion.heads.1.weight", "fusion.heads.1.bias", "metadata.of.replay.weight"}
    assert weights.keys() - plain.state_dict() == names | {"log_variances.action", "log_variances.contact"}


def test_an_auxiliary_head_answers_for_all_views_and_not_for_one_and_is_not_looked_at():
    model = built(Additions((CONTACT,), learned=("contact",)))
    outputs = model(clips(), MASK)
    assert outputs.keys() == {"action", "contact", view_output("action"), log_variance_output("contact")}
    assert outputs["contact"].shape == (2, 2) and outputs[log_variance_output("contact")].shape == ()
    model.eval()
    assert model(clips(), MASK).keys() == {"action", "contact"}
    assert [list(found) for found in model.look(clips(), MASK)] == [["action"], ["action"]]


def test_the_embedder_takes_metadata_and_leaves_it():
    model = built(Additions(metadata={"replay": 3})).eval()
    embedder, known = Embedder(model.backbone), torch.ones(2, 2, 1, dtype=torch.int64)
    assert torch.equal(embedder(clips(), MASK, known), embedder(clips(), MASK))
    with pytest.raises(ValueError, match="the model takes metadata of the views"):
        model(clips(), MASK)
