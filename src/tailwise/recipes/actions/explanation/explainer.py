"""What an answer to a clip rests on: each of its frames."""

from typing import cast

import torch

from tailwise.data.video.store.tokens import Tokens
from tailwise.data.video.strips import spaced, strip
from tailwise.models.action.model import ActionModel
from tailwise.recipes.actions.insight.importance import frame_importance
from tailwise.recipes.actions.report.strips import frames_of
from tailwise.recipes.explainer import Asked, Explainer, Part


class ActionExplainer(Explainer):
    """One part: the clip; none where it cannot be read any more. Of several views the first is shown."""

    def exhibit(self, asked: Asked) -> list[Part]:
        split = cast(Tokens, asked.task.valid)
        frames = frames_of(split.facts, split.rows[asked.place]["path"])
        if frames is None:
            return []
        clip = torch.from_numpy(frames).to(asked.device)
        steps = frame_importance(cast(ActionModel, asked.task.model), clip, asked.head, asked.class_id)
        shown = len(spaced(len(frames)))
        return [Part(name="clip", steps=steps.tolist(), picture=strip(frames), frames=shown)]


EXPLAINER = ActionExplainer()
