"""Forms that browsers post: reading them, and holding them against the policy that somebody signed for them.

Source: S3 API Reference, RESTObjectPOST.html and sigv4-HTTPPOSTConstructPolicy.html.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from calendar import timegm
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from haar.kit import Body, ServiceError
from haar.services.s3.service import PUT_BYTES_MAX, access_denied, invalid_argument, s3

if TYPE_CHECKING:
    from haar.kit import Call

#: What may stand in a form before its file, in bytes (docs: ErrorResponses, MaxPostPreDataLengthExceeded).
_BEFORE_FILE_BYTES_MAX: Final = 20 * 1024
#: A file up to so many bytes stays in memory.
_IN_MEMORY_BYTES_MAX: Final = 1024 * 1024
_BOUNDARY: Final = re.compile(r'boundary=(?:"([^"]+)"|([^\s;,]+))')
_DISPOSITION: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_INSTANT: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?Z")
#: Fields that a policy need not mention.
_FREE: Final = frozenset(("x-amz-signature", "file", "policy", "awsaccesskeyid", "signature"))
#: Fields of which a policy may say only what they must be.
_EXACT: Final = frozenset(("bucket", "success_action_status", "x-amz-algorithm", "x-amz-credential", "x-amz-date"))


class Form(msgspec.Struct, frozen=True):
    """A form: its fields by lower-case name, `key` with the file's own name filled in, and the file."""

    fields: dict[str, str]
    file_name: str
    file: Body


def malformed() -> ServiceError:
    """MalformedPOSTRequest."""
    text = "The body of your POST request is not well-formed multipart/form-data."
    return s3.error("MalformedPOSTRequest", text, status=400)


def length_allowed(length: int | None) -> None:
    """Refuse a form before it is read: one whose length nobody knows, and one whose file must be too long."""
    if length is None:
        raise s3.error("MissingContentLength", "You must provide the Content-Length HTTP header.", status=411)
    if length > PUT_BYTES_MAX + 2 * _BEFORE_FILE_BYTES_MAX:
        members = {"ProposedSize": str(length), "MaxSizeAllowed": str(PUT_BYTES_MAX)}
        text = "Your proposed upload exceeds the maximum allowed size"
        raise s3.error("EntityTooLarge", text, status=400, members=members)


# --- reading ---------------------------------------------------------------------------------------------------------


def read(call: Call, content_type: str, body: Body) -> Form:
    """A form. Raises PreconditionFailed, MalformedPOSTRequest, MaxPostPreDataLengthExceeded, InvalidArgument."""
    match = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/form-data") or match is None:
        text = "At least one of the pre-conditions you specified did not hold"
        condition = {"Condition": "Bucket POST must be of the enclosure-type multipart/form-data"}
        raise s3.error("PreconditionFailed", text, status=412, members=condition)
    reader = _Reader(body.pieces(), b"\r\n--" + (match[1] or match[2]).encode("latin-1", "replace"))
    fields: dict[str, str] = {}
    for name, file_name in reader.parts():
        if name == "file":
            file = _kept(call, reader.content())
            return _checked(fields, file_name, file)
        value = b"".join(reader.content())
        if name not in fields:
            fields[name] = value.decode("utf-8", "replace")
    raise invalid_argument("POST requires exactly one file upload per request.", "file", "0")


def _checked(fields: dict[str, str], file_name: str, file: Body) -> Form:
    if not fields.get("key"):
        text = (
            "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields."
        )
        raise invalid_argument(text, "key", "")
    # a browser may send the whole path
    own_name = re.split(r"[/\\]", file_name)[-1]
    fields["key"] = fields["key"].replace("${filename}", own_name)
    return Form(fields, own_name, file)


def _kept(call: Call, pieces: Iterator[bytes]) -> Body:
    """The file as a body: in memory when it is small, else in the blob store."""
    start: list[bytes] = []
    size = 0
    for piece in pieces:
        start.append(piece)
        size += len(piece)
        if size > _IN_MEMORY_BYTES_MAX:
            blobs = call.ports.blobs
            return Body.spooled(blobs, blobs.put(_chained(start, pieces)), {})
    return Body(b"".join(start))


def _chained(start: list[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    yield from start
    yield from rest


class _Reader:
    """Takes a multipart body apart while it arrives, holding no more than a piece and a boundary of it."""

    def __init__(self, pieces: Iterator[bytes], delimiter: bytes) -> None:
        self._pieces = pieces
        self._delimiter = delimiter
        #: the delimiter of the first part has no line before it
        self._held = b"\r\n"
        self._before_file = 0

    def parts(self) -> Iterator[tuple[str, str]]:
        """(name, name of the file) of each part; `content` must be read before the next."""
        for _ in self.content():
            pass  # the preamble
        while True:
            self._need(2)
            if self._held.startswith(b"--"):
                return
            head = self._until(b"\r\n\r\n")
            yield _named(head)

    def content(self) -> Iterator[bytes]:
        """The bytes up to the next delimiter, which is taken away with them. Raises MalformedPOSTRequest."""
        delimiter = self._delimiter
        while True:
            at = self._held.find(delimiter)
            if at >= 0:
                found, self._held = self._held[:at], self._held[at + len(delimiter) :]
                if found:
                    yield found
                return
            safe = len(self._held) - len(delimiter)
            if safe > 0:
                found, self._held = self._held[:safe], self._held[safe:]
                yield found
            self._more()

    def _until(self, mark: bytes) -> bytes:
        while (at := self._held.find(mark)) < 0:
            self._before_file = len(self._held)
            if self._before_file > _BEFORE_FILE_BYTES_MAX:
                text = "Your POST request fields preceding the upload file were too large."
                raise s3.error("MaxPostPreDataLengthExceeded", text, status=400)
            self._more()
        found, self._held = self._held[:at], self._held[at + len(mark) :]
        return found

    def _need(self, size: int) -> None:
        while len(self._held) < size:
            self._more()

    def _more(self) -> None:
        piece = next(self._pieces, None)
        if piece is None:
            raise malformed()
        self._held += piece


def _named(head: bytes) -> tuple[str, str]:
    for line in head.decode("utf-8", "replace").split("\r\n"):
        field, _, value = line.partition(":")
        if field.strip().lower() == "content-disposition":
            # browsers escape quotation marks, and leave the backslashes of Windows as they are
            said = {word.lower(): text.replace('\\"', '"') for word, text in _DISPOSITION.findall(value)}
            if "name" in said:
                return said["name"].lower(), said.get("filename", "")
    raise malformed()


# --- the policy ------------------------------------------------------------------------------------------------------


def check(form: Form, bucket: str, now_signer: float) -> None:
    """Hold a form against its policy. `now_signer` is the present instant on the clock of whoever signed it.

    Raises InvalidPolicyDocument, AccessDenied ("Invalid according to Policy: ..."), EntityTooSmall, EntityTooLarge.
    """
    document = _document(form.fields["policy"])
    expires = _INSTANT.fullmatch(str(document.get("expiration", "")))
    if expires is None:
        raise _unsound("Invalid Policy: Invalid 'expiration' value.")
    if now_signer >= timegm((*(int(part) for part in expires.groups()), 0, 0, 0)):
        raise _against("Policy expired.")
    conditions = document.get("conditions")
    if not isinstance(conditions, list):
        raise _unsound("Invalid Policy: Invalid JSON.")
    given = {**form.fields, "bucket": bucket}
    covered = set(_FREE)
    for condition in conditions:
        covered.add(_hold(condition, given, form.file.size))
    for name in given:
        if name not in covered and not name.startswith("x-ignore-"):
            raise _against(f"Extra input fields: {name}")


def _document(encoded: str) -> dict[str, Any]:
    try:
        document = json.loads(b64decode("".join(encoded.split()), validate=True))
    except (ValueError, RecursionError):
        raise _unsound("Invalid Policy: Invalid JSON.") from None
    if not isinstance(document, dict):
        raise _unsound("Invalid Policy: Invalid JSON.")
    return document


def _unsound(text: str) -> ServiceError:
    return s3.error("InvalidPolicyDocument", text, status=400)


def _against(why: str) -> ServiceError:
    return access_denied(f"Invalid according to Policy: {why}")


def _hold(condition: Any, given: Mapping[str, str], size: int) -> str:
    """Raise unless a condition is met; the name of the field it is about."""
    if isinstance(condition, dict) and len(condition) == 1:
        (name, value), *_ = condition.items()
        operator, name = "eq", name.lower()
    elif isinstance(condition, list) and len(condition) == 3 and isinstance(condition[0], str):
        operator, name, value = condition[0].lower(), condition[1], condition[2]
        if operator == "content-length-range":
            _hold_size(condition, size)
            return "file"
        name = name[1:].lower() if isinstance(name, str) and name.startswith("$") else ""
    else:
        raise _failed(condition)
    if not name or not isinstance(value, str) or operator not in ("eq", "starts-with"):
        raise _failed(condition)
    found = given.get(name)
    if operator == "eq":
        is_met = found == value
    elif name in _EXACT:
        is_met = False
    else:
        # several content types in one field are each held against the prefix
        parts = (found or "").split(",") if name == "content-type" else [found or ""]
        is_met = (found is not None or not value) and all(part.startswith(value) for part in parts)
    if not is_met:
        raise _failed([operator, f"${name}", value])
    return str(name)


def _failed(condition: Any) -> ServiceError:
    shown = json.dumps(condition, separators=(", ", ": "))
    return _against(f"Policy Condition failed: {shown}")


def _hold_size(condition: list[Any], size: int) -> None:
    try:
        least, most = int(condition[1]), int(condition[2])
    except (TypeError, ValueError):
        raise _failed(condition) from None
    if size < least:
        text = "Your proposed upload is smaller than the minimum allowed size"
        members = {"ProposedSize": str(size), "MinSizeAllowed": str(least)}
        raise s3.error("EntityTooSmall", text, status=400, members=members)
    if size > min(most, PUT_BYTES_MAX):
        text = "Your proposed upload exceeds the maximum allowed size"
        members = {"ProposedSize": str(size), "MaxSizeAllowed": str(most)}
        raise s3.error("EntityTooLarge", text, status=400, members=members)
