"""Decoders that crash on one clip, at module level so that a worker process can import them."""

import os
import signal
import tempfile
import time
from pathlib import Path

from tailwise.core.errors import UserError
from tailwise.data.video.store import store
from tailwise.data.video.store.shards import decode_shard

VICTIM = "clip_5.mp4"


def crashing(shard, say, cache):
    return decode_shard(shard, cache, _then(say, lambda: os.kill(os.getpid(), signal.SIGSEGV)))


def hanging(shard, say, cache):
    return decode_shard(shard, cache, _then(say, lambda: time.sleep(60)))


def _then(say, act):
    def said(clip):
        say(clip)
        if clip == VICTIM:
            act()

    return said


def slowly_there(shard, cache, timeout_s):
    """Decodes a shard on a worker of a cluster, and takes half a second for it; leaves word of who did."""
    (cache / f"begun.{os.getpid()}").touch()
    time.sleep(0.5)
    return _DECODE_GUARDED(shard, cache, timeout_s)


def crashing_there(shard, cache, timeout_s):
    return _with(crashing, shard, cache, timeout_s)


def hanging_there(shard, cache, timeout_s):
    return _with(hanging, shard, cache, timeout_s)


def other_code_there(shard, cache, timeout_s):
    _, key, facts = _DECODE_GUARDED(shard, cache, timeout_s)
    return "another", key, facts


def other_folder_there(shard, cache, timeout_s):
    """As where the folder is not shared: the file is elsewhere."""
    with tempfile.TemporaryDirectory() as elsewhere:
        return _DECODE_GUARDED(shard, Path(elsewhere), timeout_s)


def full_disk_there(shard, cache, timeout_s):
    raise UserError("clips: no room")


def _with(decoder, shard, cache, timeout_s):
    """The guarded job with another decoder in its process."""
    before, store._decode_shard = store._decode_shard, decoder
    try:
        return _DECODE_GUARDED(shard, cache, timeout_s)
    finally:
        store._decode_shard = before


_DECODE_GUARDED = store.decode_guarded
