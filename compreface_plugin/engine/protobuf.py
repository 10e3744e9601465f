"""Just enough of the protocol buffer wire format to read and change an ONNX file without the onnx package.

A message is a list of (field number, value): integers for varints, bytes for everything else. Unknown fields
are kept as they are. https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator

Value = int | bytes
Fields = list[tuple[int, Value]]
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class Malformed(ValueError):
    """The bytes are no message."""


def fields(data: bytes | memoryview) -> Iterator[tuple[int, Value | memoryview]]:
    """The fields of a message in order. Length-delimited ones are views into `data`, so large weights are not
    copied; fixed-width ones come as tagged bytes that `encode` writes back unchanged. Raises Malformed."""
    view, position, end = memoryview(data), 0, len(data)
    while position < end:
        key, position = _varint(view, position)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, position = _varint(view, position)
            yield number, value
            continue
        if wire == _BYTES:
            length, position = _varint(view, position)
        elif wire in (_FIXED32, _FIXED64):
            length = 4 if wire == _FIXED32 else 8
        else:
            raise Malformed(f"wire type {wire} at byte {position}")
        if position + length > end:
            raise Malformed(f"a field of {length} bytes at byte {position} is cut off")
        content = view[position : position + length]
        position += length
        yield (number, content) if wire == _BYTES else (number, Fixed(content))


class Fixed(bytes):
    """The 4 or 8 bytes of a fixed-width field."""


def encode(message: Fields) -> bytes:
    """The message as bytes."""
    parts = []
    for number, value in message:
        if isinstance(value, int):
            parts += [_encoded(number << 3 | _VARINT), _encoded(value)]
        elif isinstance(value, Fixed):
            parts += [_encoded(number << 3 | (_FIXED32 if len(value) == 4 else _FIXED64)), value]
        else:
            parts += [_encoded(number << 3 | _BYTES), _encoded(len(value)), value]
    return b"".join(parts)


def numbers(value: Value | memoryview) -> list[int]:
    """A repeated integer field's value: one integer, or packed ones."""
    if isinstance(value, int):
        return [value]
    view, position, found = memoryview(value), 0, []
    while position < len(view):
        number, position = _varint(view, position)
        found.append(number)
    return found


def _varint(view: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(view) and shift < 70:
        byte = view[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position
        shift += 7
    raise Malformed(f"a number at byte {position} is cut off")


def _encoded(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
