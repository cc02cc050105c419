"""What a fouls model was trained on, and new clips as it takes them."""

from dataclasses import dataclass, replace

from tailwise.core.errors import UserError, print_error
from tailwise.core.heads import Head
from tailwise.data.video.decode.window import Short, Window
from tailwise.recipes.fouls.annotated.views import NOTHING, UNKNOWN, metadata_ids
from tailwise.recipes.fouls.predict.fouls import Foul
from tailwise.recipes.fouls.predict.inputs import FoulInputs
from tailwise.recipes.fouls.predict.official import check_official


@dataclass(frozen=True)
class Trained:
    """What the model was trained for. window, short: see `decode_clip`

    most_views: of a training sample, None if the weights file is of an older version
    metadata: what the model takes of a view besides its frames
    """

    heads: tuple[Head, ...]
    window: Window
    short: Short = "refuse"
    most_views: int | None = None
    metadata: tuple[str, ...] = ()


def trained_on(heads: tuple[Head, ...], cut: dict, most_views: int | None, metadata: tuple[str, ...] = ()) -> Trained:
    """cut: the fields of the window without its margin, and `short`. Raises ValueError for a wrong window."""
    fields = dict(cut)
    short = fields.pop("short")
    return Trained(heads, Window(margin=0, **fields), short, most_views, metadata)


def fit_inputs(inputs: FoulInputs, trained: Trained, form: str | None) -> FoulInputs:
    """Typed clips are the views of one sample, or samples of their own for a model that knows one view each.

    Raises UserError for more views than the model knows, or heads that the official file has no words for.
    """
    if form == "official":
        check_official(trained.heads)
    if unknown := unknown_metadata(inputs, trained.metadata):
        print_error(f"the model takes {', '.join(unknown)} of each view, which {inputs.source} does not say")
    views, most = max(len(sample.clips) for sample in inputs.samples), trained.most_views
    if most is None or views <= most:
        return inputs
    if not inputs.named:
        print_error(f"the {inputs.sample_name}s have up to {views} views, those that the model was trained on {most}")
        return inputs
    if most == 1:
        (sample,) = inputs.samples
        return replace(inputs, samples=[Foul(clip, sample.root, (clip,)) for clip in sample.clips], form="csv")
    advice = f"give at most {most} that show the same, or several samples by --table or --folder"
    raise UserError(f"{views} clips as the views of one sample, of which the model knows up to {most}: {advice}")


def unknown_metadata(inputs: FoulInputs, names: tuple[str, ...]) -> list[str]:
    """What the model takes and some clip has not: it is predicted as unknown."""
    rows = [sample.known.get(clip, NOTHING) for sample in inputs.samples for clip in sample.clips]
    return [name for name in names if any(UNKNOWN in metadata_ids(row, (name,)) for row in rows)]
