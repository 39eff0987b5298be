"""Texts that name other files and addresses, dressed as films; and films whose data lie elsewhere. Pure."""

from transcoder.formats.fmp4 import make_box, make_full_box

HEADS = {
    "nothing": "",
    "a byte order mark": "\ufeff",
    "blank lines": "\n \r\n\t",
    "a remark": "# a film\n",
    "junk": "\x00\x01ftyp",
}
NAMES = ("film.mp4", "film.mkv", "film.ts", "film.mov", "film.avi", "film.m3u8", "film.mpd", "film.sdp")

TEXTS = {
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{url}\n#EXT-X-ENDLIST\n",
    "HLS of byte ranges": "#EXTM3U\n#EXTINF:9,\n#EXT-X-BYTERANGE:99@0\n{url}\n#EXT-X-ENDLIST\n",
    "HLS with a key": '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{url}"\n#EXTINF:9,\n{url}\n#EXT-X-ENDLIST\n',
    "HLS with an init": '#EXTM3U\n#EXT-X-MAP:URI="{url}"\n#EXTINF:9,\n{url}\n#EXT-X-ENDLIST\n',
    "HLS of variants": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{url}\n",
    "ffconcat": "ffconcat version 1.0\nfile '{url}'\n",
    "concat without a head": "file '{url}'\n",
    "DASH": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet '
    'mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{url}</BaseURL></Representation>'
    "</AdaptationSet></Period></MPD>",
    "Smooth Streaming": '<?xml version="1.0"?><SmoothStreamingMedia><StreamIndex Url="{url}"/>'
    "</SmoothStreamingMedia>",
    "SMIL": '<smil><body><video src="{url}"/></body></smil>',
    "SVG": '<svg xmlns:x="http://www.w3.org/1999/xlink"><image x:href="{url}"/></svg>',
    "XML with an entity": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "{url}">]><MPD>&b;</MPD>',
    "SDP": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} RTP/AVP 96\n",
    "RTSP redirect": "RTSPtextRTSP://127.0.0.1:{port}/film",
    "image list": "{url}\n",
    "ASX": '<asx version="3"><entry><ref href="{url}"/></entry></asx>',
    "PLS": "[playlist]\nFile1={url}\nNumberOfEntries=1\n",
    "reference of Windows Media": "[Reference]\nRef1={url}\n",
    "AviSynth": 'AviSource("{url}")\n',
    "VapourSynth": "import vapoursynth\nvapoursynth.core.lsmas.LWLibavSource('{url}')\n",
    "subtitle index": "# VobSub index file, v7\nid: en, index: 0\ntimestamp: 00:00:01:000, filepos: 000000\n",
    "IPNS": "ipns://{url}\n",
}


def urls(port: int, file: str) -> tuple[str, ...]:
    """Addresses of the canary: over the network, and on this disk."""
    local = f"127.0.0.1:{port}"
    return (
        *(
            f"http://{local}/a.ts",
            f"tcp://{local}",
            f"udp://{local}",
            f"rtp://{local}",
            f"rtmp://{local}/a/b",
        ),
        *(
            f"file://{file}",
            file,
            f"concat:{file}|{file}",
            f"subfile,,start,0,end,0,,:{file}",
            f"crypto:{file}",
        ),
    )


def elsewhere(film: bytes, kind: str, url: str) -> bytes:
    """Make the media of an MP4 film lie elsewhere: a data reference (ISO 14496-12 §8.7.2) in each track.

    `kind`: "url ", "urn ", or "alis" and "rsrc" of QuickTime. The film's index must stand at its end.
    """
    if kind == "alis":
        entry = make_full_box("alis", 0, 0, _alias(url))
    else:
        entry = make_full_box(kind, 0, 0, url.encode() + b"\0")
    return _rebuilt(film, make_full_box("dref", 0, 0, (1).to_bytes(4), entry))


def _alias(path: str) -> bytes:
    """An alias record as QuickTime's Finder wrote them, with an absolute path (type 2 and 18)."""
    name = path.rpartition("/")[2].encode()
    head = bytes(4) + (200).to_bytes(2) + (2).to_bytes(2) + bytes(2)
    head += (
        bytes([4])
        + b"disk".ljust(27, b"\0")
        + bytes(12)
        + bytes([len(name)])
        + name.ljust(63, b"\0")
        + bytes(16)
    )
    head += (1).to_bytes(2) + (1).to_bytes(2) + bytes(16)
    words = path.encode()
    parts = b"".join(
        kind.to_bytes(2) + len(text).to_bytes(2) + text + bytes(len(text) % 2)
        for kind, text in ((2, words), (18, words), (19, b"/"))
    )
    return head + parts + b"\xff\xff\0\0"


_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"dinf"}


def _rebuilt(data: bytes, dref: bytes) -> bytes:
    out, at = b"", 0
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + size]
        if kind in _CONTAINERS:
            out += make_box(kind.decode(), _rebuilt(body, dref))
        else:
            out += dref if kind == b"dref" else data[at : at + size]
        at += size
    return out
