"""The multi-view model: one shared backbone per view, then a variant that fuses the views into logits per head."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import nn

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.core.tensors import digest
from tailwise.losses.uncertainty import log_variance_output, log_variances
from tailwise.models.video.backbones import Video
from tailwise.models.video.metadata import ViewEmbeddings
from tailwise.models.video.tiny import Tiny
from tailwise.models.video.variants import AnyVariant, Fusion

ByHead = dict[str, torch.Tensor]


def view_output(head: str) -> str:
    """Name of the output that holds a head's logits for each single view in training: (N, C), as ``clips[mask]``."""
    return f"{head} per view"


@dataclass(frozen=True)
class Additions:
    """What a model has besides backbone, fusion and the heads that it predicts.

    auxiliary: heads that are trained only, for what the others gain by it
    metadata: {what is known of a view: number of its values}; each value has an embedding
    learned: losses whose weight is learned
    head_dropout: {head: its rate of dropout before the last layer, instead of the variant's}
    """

    auxiliary: tuple[Head, ...] = ()
    metadata: Mapping[str, int] = field(default_factory=dict[str, int])
    learned: tuple[str, ...] = ()
    head_dropout: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True)
class Model:
    """A variant on a backbone."""

    variant: AnyVariant
    backbone: Tiny | Video

    def additions(self) -> Additions:
        """None; a subclass may have some."""
        return Additions()

    def build(self, heads: tuple[Head, ...], shape: tuple[int, int, int]) -> "MultiView":
        """The randomly initialised model for clips of `shape` (frames, height, width); ValueError if too small."""
        backbone, added = self.backbone.build(shape), self.additions()
        every = (*heads, *added.auxiliary)
        rates = {i: added.head_dropout[head.name] for i, head in enumerate(every) if head.name in added.head_dropout}
        fusion = self.variant.build(backbone.dim, [len(head.classes) for head in every], rates)
        names, auxiliary = ([head.name for head in of] for of in (heads, added.auxiliary))
        metadata = ViewEmbeddings(added.metadata, backbone.dim) if added.metadata else None
        learned = log_variances(added.learned) if added.learned else None
        return MultiView(backbone, fusion, names, auxiliary, metadata, learned)

    def fallback(self) -> "Model | None":
        """The next simpler variant on the same backbone; None after the last."""
        variant = self.variant.fallback()
        return replace(self, variant=variant) if variant else None


class MultiView(nn.Module):
    """clips (B, V, T, H, W, 3) in [0, 255], mask (B, V) to {head: logits (B, C)}.

    The backbone skips absent views. In training, `view_output` of each head, but not of the auxiliary ones, holds its
    logits for each view alone, and `log_variance_output` of each loss with a learned weight its log variance.
    fusion: gives the logits of `names`, then those of `auxiliary`
    metadata: embeddings of what is known of a view, for a model that takes metadata (B, V, K), int64
    """

    def __init__(
        self,
        backbone: nn.Module,
        fusion: Fusion,
        names: Sequence[str],
        auxiliary: Sequence[str] = (),
        metadata: ViewEmbeddings | None = None,
        log_variances: nn.ParameterDict | None = None,
    ):
        super().__init__()
        self.backbone, self.fusion, self.names, self.auxiliary = backbone, fusion, names, auxiliary
        self.metadata, self.log_variances = metadata, log_variances

    def forward(self, clips: torch.Tensor, mask: torch.Tensor, metadata: torch.Tensor | None = None) -> ByHead:
        return self.answer(self.backbone(clips[mask]), mask, metadata)

    def answer(self, embedded: torch.Tensor, mask: torch.Tensor, metadata: torch.Tensor | None = None) -> ByHead:
        """The same from the embeddings (N, D) of the views that are there, in the order of ``clips[mask]``."""
        embedded = self._with_metadata(embedded, mask, metadata)
        logits = dict(zip((*self.names, *self.auxiliary), self.fusion(_by_sample(embedded, mask), mask)))
        if self.training:
            alone = self.fusion.alone(embedded)
            logits |= {view_output(name): of_head for name, of_head in zip(self.names, alone)}
            logits |= {log_variance_output(name): value for name, value in (self.log_variances or {}).items()}
        return logits

    def _with_metadata(self, embedded: torch.Tensor, mask: torch.Tensor, metadata: torch.Tensor | None) -> torch.Tensor:
        if self.metadata is None:
            return embedded
        if metadata is None:
            raise ValueError("the model takes metadata of the views, see Model.additions")
        return embedded + self.metadata(metadata[mask])

    @torch.no_grad()
    def look(
        self, clips: torch.Tensor, mask: torch.Tensor, metadata: torch.Tensor | None = None
    ) -> tuple[ByHead, ByHead]:
        """The logits of `forward`, and {head: attention weights of the views (B, V)}, without the auxiliary heads.

        Weights are 0 for padding; each row sums to 1. See the variants' `weights` for what they do not cover. Call it
        in eval mode: dropout changes the weights.
        """
        views = _by_sample(self._with_metadata(self.backbone(clips[mask]), mask, metadata), mask)
        logits, weights = self.fusion(views, mask), self.fusion.weights(views, mask)
        return dict(zip(self.names, logits)), dict(zip(self.names, weights))


class Embedder(nn.Module):
    """clips and mask as for `MultiView` to the embeddings (N, D) of the views that are there, without metadata."""

    def __init__(self, backbone: nn.Module):
        super().__init__()
        self.backbone = backbone

    def forward(self, clips: torch.Tensor, mask: torch.Tensor, metadata: torch.Tensor | None = None) -> torch.Tensor:
        return self.backbone(clips[mask])


class OnFeatures(MultiView):
    """The whole model on embeddings that its backbone gave before: features (B, V, D), mask (B, V).

    Its tensors are those of the `MultiView` that it shares its parts with. The first batch raises UserError if the
    features are another backbone's, or if the backbone is to be trained.

    origin: `digest` of the embedder's tensors that the features come from; place: where they are, for messages
    """

    def __init__(self, model: MultiView, origin: str, place: str):
        added = model.auxiliary, model.metadata, model.log_variances
        super().__init__(model.backbone, model.fusion, model.names, *added)
        self.origin, self.place, self.checked = origin, place, False
        self.register_load_state_dict_post_hook(lambda model, _: setattr(model, "checked", False))

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, features: torch.Tensor, mask: torch.Tensor, metadata: torch.Tensor | None = None
    ) -> ByHead:
        if not self.checked:
            self.check()
        return self.answer(features[mask], mask, metadata)

    def check(self) -> None:
        if digest(Embedder(self.backbone).state_dict()) != self.origin:
            raise UserError(f"{self.place}: features of another backbone than this model's, they must be computed anew")
        if self.training and any(parameter.requires_grad for parameter in self.backbone.parameters()):
            raise UserError(f'{self.place}: features do not train a backbone: add "!backbone.*" to trainable')
        self.checked = True


def _by_sample(embedded: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The embeddings (N, D) of the views that are there as (B, V, D), 0 where none is."""
    views = embedded.new_zeros(*mask.shape, embedded.shape[-1])
    views[mask] = embedded
    return views
