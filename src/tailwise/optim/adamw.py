"""torch's optimizer, quick to begin."""

from inspect import unwrap

import torch


class QuickAdamW(torch.optim.AdamW):
    """`torch.optim.AdamW`, digit for digit, that leaves torch's compiler where it is. Not for `differentiable`.

    torch wraps these methods to keep its compiler out of them; what is made so, or steps so, imports the whole of it
    first: more than a second of each training's start. (A model's `checkpoint` imports it, too, in its first step.)
    """

    add_param_group = unwrap(torch.optim.AdamW.add_param_group)
    zero_grad = unwrap(torch.optim.AdamW.zero_grad)
    state_dict = unwrap(torch.optim.AdamW.state_dict)
    load_state_dict = unwrap(torch.optim.AdamW.load_state_dict)
    step = torch.no_grad()(unwrap(torch.optim.AdamW.step))
