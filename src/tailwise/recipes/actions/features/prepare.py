"""The stage of the features: params and index tables to the prepared splits that training reads."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tailwise.core.params.config import section, sections
from tailwise.core.params.runtime import Runtime
from tailwise.core.stage.folders import pipeline_folder
from tailwise.data.video.augment.ranges import Augment
from tailwise.data.video.decode.spread import Spread
from tailwise.data.video.store.quality import check_faulty
from tailwise.data.video.store.store import Decode
from tailwise.engine.contract.run import Training, start
from tailwise.models.frozen.streams import Streams
from tailwise.recipes.actions.clips.prepare import KEPT, Prepare, fault_lines, read_splits
from tailwise.recipes.actions.features.build import Job, build_features
from tailwise.recipes.actions.features.options import Features
from tailwise.recipes.actions.features.shard import Passes


@dataclass(frozen=True)
class Config:
    """The sections of params.yaml that define features, besides data.root."""

    prepare: Prepare
    window: Spread
    decode: Decode
    streams: Streams
    features: Features
    augment: Augment
    training: Training


def prepare(params: dict, folder: Path) -> Iterator[str]:
    """Write ``<folder>/<split>`` of each split; yields lines to print."""
    config, faults = sections(params, Config), {}
    job = job_of(config, Path(section(params, "data.root", str)), section(params, "runtime", Runtime))
    plain = replace(config.augment, mirror=0.0, one_sided={})
    for split, rows in read_splits(config.prepare).items():
        passes = Passes(config.features, plain, config.training.seed, split == "train")
        made = build_features(job, rows, passes, folder / split)
        yield f"{split}: {len(rows)} clips, {made.shards} shards of features, {made.computed} of them computed now"
        yield from fault_lines(made.faults)
        faults[split] = {"clips": len(rows), "faulty": made.faults}
    check_faulty(faults, config.decode, pipeline_folder() / KEPT)


def job_of(config: Config, root: Path, runtime: Runtime) -> Job:
    """With the streams and their weights on the device; UserError for weights that are absent or others."""
    device = start(config.training, runtime)
    net = config.streams.build()
    config.streams.pretrain(net)
    net.to(device)
    return Job(root, config.window, config.decode, config.streams, net, device, runtime.decoding)
