"""Pictures of pages made small: a screenshot has few colors, so a palette says the same in fewer bytes."""

import struct
import zlib
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
COLORS_MAX: Final = 256
RGB: Final = 2
RGBA: Final = 6

Pixels = npt.NDArray[np.uint8]


def shrink(path: Path) -> int:
    """Rewrite a screenshot (8 bits a channel, not interlaced) with a palette; return its size in bytes."""
    palette, places = _palette(_read(path.read_bytes()))
    path.write_bytes(_write(palette, places))
    return path.stat().st_size


def _read(png: bytes) -> Pixels:
    assert png.startswith(SIGNATURE), "a screenshot is a PNG"
    place, packed, header = len(SIGNATURE), b"", b""
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        kind, body = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        header = body if kind == b"IHDR" else header
        packed += body if kind == b"IDAT" else b""
        place += 12 + length
    width, height, depth, kind_of_color, *_, interlaced = struct.unpack(">IIBBBBB", header)
    assert (depth, interlaced) == (8, 0), "a screenshot has 8 bits a channel and is not interlaced"
    channels = {RGB: 3, RGBA: 4}[kind_of_color]
    lines = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, 1 + width * channels)
    return _unfiltered(lines, channels).reshape(height, width, channels)[:, :, :3]


def _unfiltered(lines: Pixels, channels: int) -> Pixels:
    """Undo the five filters of PNG (W3C, Portable Network Graphics, section 9)."""
    above = np.zeros(lines.shape[1] - 1, np.uint8)
    found = np.empty((lines.shape[0], lines.shape[1] - 1), np.uint8)
    for row, line in enumerate(lines):
        how, values = int(line[0]), line[1:]
        if how == 2:
            values = values + above
        elif how:
            values = _from_the_left(how, values, above, channels)
        found[row] = above = values
    return found


def _from_the_left(how: int, values: Pixels, above: Pixels, channels: int) -> Pixels:
    done = [0] * channels
    over = [0] * channels + above.tolist()
    for place, value in enumerate(values.tolist()):
        left, up, corner = done[place], over[place + channels], over[place]
        if how == 1:
            guess = left
        elif how == 3:
            guess = (left + up) // 2
        else:
            near = left + up - corner
            guess = min((left, up, corner), key=lambda each: abs(near - each))
        done.append((value + guess) & 0xFF)
    return np.array(done[channels:], np.uint8)


def _palette(pixels: Pixels) -> tuple[Pixels, Pixels]:
    """The most frequent colors, and for each pixel the place of the nearest of them."""
    as_numbers = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    colors, inverse, counts = np.unique(as_numbers, return_inverse=True, return_counts=True)
    kept = colors[np.argsort(counts)[::-1][:COLORS_MAX]]
    parts = np.array([16, 8, 0], np.uint32)
    all_channels = ((colors[:, None] >> parts) & 0xFF).astype(np.int32)
    kept_channels = ((kept[:, None] >> parts) & 0xFF).astype(np.int32)
    apart = ((all_channels[:, None, :] - kept_channels[None, :, :]) ** 2).sum(axis=2)
    nearest = apart.argmin(axis=1).astype(np.uint8)
    return kept_channels.astype(np.uint8), nearest[inverse].reshape(pixels.shape[:2])


def _write(palette: Pixels, places: Pixels) -> bytes:
    height, width = places.shape
    lines = np.hstack([np.zeros((height, 1), np.uint8), places]).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    )
    return SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
