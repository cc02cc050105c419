"""Whether decord would decode an H.264 stream the same way each time.

decord decodes in a thread of its own, and its reader notices a packet that cannot be decoded, or comes out of turn, or
does not: such a clip was seen to give frames in one run, others or an error in the next. So what can be told of packets
without decoding them is looked at first. It costs a sixtieth of the decoding. What is left to chance is a broken slice
header right behind the window, in a picture that no other refers to.
"""

import av

SLICES = (1, 5)
"""NAL unit types that hold a picture. Source: ITU-T H.264, table 7-1"""


def sound(container: av.container.InputContainer, stream: av.VideoStream) -> bool:
    """Whether each packet is a picture with headers that FFmpeg accepts, and pictures follow each other evenly.

    stream: of length-prefixed H.264, as in MP4; any other is not sound
    """
    first = bytes(stream.codec_context.extradata or b"")
    if len(first) < 5 or first[0] != 1:
        return False
    times, decoder = [], _headers_only(stream.codec_context)
    try:
        for packet in container.demux(stream):
            if packet.size:
                decoder.decode(packet)
                times.append(packet.pts)
                if packet.pts is None or not is_picture(bytes(packet), 1 + (first[4] & 3)):
                    return False
    except av.FFmpegError:
        return False
    return even(times)


def _headers_only(of: av.VideoCodecContext) -> av.VideoCodecContext:
    """A decoder that reads the headers of slices, raises what is wrong with them and decodes none."""
    decoder = av.CodecContext.create(of.name, "r")
    decoder.extradata, decoder.options = of.extradata, {"err_detect": "explode"}
    decoder.skip_frame, decoder.thread_count = "ALL", 1
    return decoder


def is_picture(packet: bytes, prefix: int) -> bool:
    """Whether the units fill the packet, and a slice is among them. prefix: bytes of the length before each unit"""
    place, pictures = 0, 0
    while place + prefix < len(packet):
        size, head = int.from_bytes(packet[place : place + prefix]), packet[place + prefix]
        if not size or head & 0x80:  # the bit that is never set
            return False
        pictures += head & 0x1F in SLICES
        place += prefix + size
    return place == len(packet) and pictures > 0


def even(times: list[int]) -> bool:
    """Whether no gap between pictures is twice as long as another."""
    shown = sorted(times)
    gaps = [after - before for before, after in zip(shown, shown[1:])]
    return not gaps or max(gaps) < 2 * min(gaps)
