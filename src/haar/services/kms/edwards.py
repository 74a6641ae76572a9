"""Ed25519ph: the signature of a SHA-512 digest on the curve Ed25519, which `cryptography` does not offer.

Ed25519 itself is; only the pre-hashed form, which differs by a prefix in every hash, is computed here.

Source: RFC 8032, sections 5.1 and 2 (dom2). Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.
"""

from __future__ import annotations

from hashlib import sha512
from typing import Final

__all__ = ["sign_prehashed", "verify_prehashed"]

_P: Final = 2**255 - 19
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_D: Final = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE: Final = pow(2, (_P - 1) // 4, _P)
#: dom2(1, ""): pre-hashed, without a context
_PREFIX: Final = b"SigEd25519 no Ed25519 collisions" + b"\x01\x00"

Point = tuple[int, int, int, int]
_NEUTRAL: Final[Point] = (0, 1, 1, 0)


def sign_prehashed(seed: bytes, digest: bytes) -> bytes:
    """The 64-byte signature of a 64-byte digest under a 32-byte private key."""
    expanded = sha512(seed).digest()
    scalar = int.from_bytes(expanded[:32], "little") & ((1 << 254) - 8) | 1 << 254
    public = _encoded(_times(scalar, _BASE))
    chance = _number(expanded[32:], digest)
    commitment = _encoded(_times(chance, _BASE))
    answer = (chance + _number(commitment, public, digest) * scalar) % _ORDER
    return commitment + answer.to_bytes(32, "little")


def verify_prehashed(public: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether a signature of a digest is the public key's."""
    if len(signature) != 64:
        return False
    point, commitment = _decoded(public), _decoded(signature[:32])
    answer = int.from_bytes(signature[32:], "little")
    if point is None or commitment is None or answer >= _ORDER:
        return False
    challenge = _number(signature[:32], public, digest)
    return _is_same(_times(answer, _BASE), _sum(commitment, _times(challenge, point)))


def _number(*parts: bytes) -> int:
    return int.from_bytes(sha512(b"".join((_PREFIX, *parts))).digest(), "little") % _ORDER


def _sum(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c = 2 * one[3] * other[3] * _D % _P
    d = 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(factor: int, point: Point) -> Point:
    found = _NEUTRAL
    while factor:
        if factor & 1:
            found = _sum(found, point)
        point = _sum(point, point)
        factor >>= 1
    return found


def _is_same(one: Point, other: Point) -> bool:
    return (one[0] * other[2] - other[0] * one[2]) % _P == 0 and (one[1] * other[2] - other[1] * one[2]) % _P == 0


def _encoded(point: Point) -> bytes:
    inverse = pow(point[2], -1, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decoded(raw: bytes) -> Point | None:
    packed = int.from_bytes(raw, "little")
    y, sign = packed & ((1 << 255) - 1), packed >> 255
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - square) % _P or (not x and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _base() -> Point:
    found = _decoded((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
    assert found is not None, "the base point is on the curve"
    return found


_BASE: Final[Point] = _base()
