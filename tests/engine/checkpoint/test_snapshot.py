"""Snapshots of a model and its optimizer, and restoring them."""

import torch

from support.helpers import make_task, same
from tailwise.engine.checkpoint.snapshot import optimizer_tensors, part, restore, restore_optimizer, snapshot


def step(model, optimizer):
    optimizer.zero_grad()
    sum((parameter**2).sum() for parameter in model.parameters()).backward()
    optimizer.step()


def test_steps_after_a_snapshot_are_taken_back_whole():
    model = make_task().model
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    step(model, optimizer)
    kept = snapshot(model, optimizer)
    step(model, optimizer)
    once = snapshot(model, optimizer)
    assert not same(kept, once)
    restore(kept, model, optimizer)
    assert same(snapshot(model, optimizer), kept)
    step(model, optimizer)
    assert same(snapshot(model, optimizer), once)


def test_a_part_is_named_as_its_owner_names_it():
    model = make_task().model
    kept = snapshot(model, torch.optim.SGD(model.parameters()))
    assert same(part(kept, "model"), model.state_dict()) and part(kept, "optimizer") == {}


def test_an_optimizer_goes_on_with_its_state():
    runs = []
    for interrupted in (False, True):
        parameter = torch.nn.Parameter(torch.ones(3))
        optimizer = torch.optim.AdamW([parameter], lr=0.1)
        for step in range(4):
            if interrupted and step == 2:
                tensors = {name: tensor.clone() for name, tensor in optimizer_tensors(optimizer).items()}
                optimizer = torch.optim.AdamW([parameter], lr=0.1)
                restore_optimizer(optimizer, tensors)
            optimizer.zero_grad()
            (parameter**2).sum().backward()
            optimizer.step()
        runs.append(parameter.detach())
    assert torch.equal(*runs)


def test_the_optimizer_state_keeps_its_memory_format():
    """A file has one layout alone; kernels round by another's order."""
    model = torch.nn.Conv3d(3, 4, 3).to(memory_format=torch.channels_last_3d)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    step(model, optimizer)
    before = [slot.stride() for slots in optimizer.state.values() for slot in slots.values()]
    stored = {name: tensor.contiguous() for name, tensor in snapshot(model, optimizer).items()}
    restore(stored, model, optimizer)
    assert [slot.stride() for slots in optimizer.state.values() for slot in slots.values()] == before
    assert model.weight.stride() in before and not model.weight.is_contiguous()
