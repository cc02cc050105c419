"""Decoders that come to grief on one clip, at module level so that a worker process can import them."""

import os
import signal
import time

from tailwise.data.decode.shards import decode_shard

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
