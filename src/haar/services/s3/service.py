"""The service itself, its limits, and the errors it words the same way everywhere."""

from __future__ import annotations

from typing import Any

from haar.kit import Service, ServiceError
from haar.services.s3 import codes, integrity

s3: Service[str] = Service(
    "s3", bad_token="InvalidArgument", check_body=integrity.check_document, also_raises=codes.CODES
)

# Limits (docs: Amazon S3 User Guide, qfacts.html, UsingMetadata.html, BucketRestrictions.html).
GIB = 1024**3
#: One PUT carries at most so many bytes (S3-002), an object so many (S3-001: 50 TB today).
PUT_BYTES_MAX = 5 * GIB
OBJECT_BYTES_MAX = 50 * 1024 * GIB
COPY_BYTES_MAX = 5 * GIB
PART_BYTES_MIN = 5 * 1024 * 1024
PARTS_MAX = 10_000
KEY_BYTES_MAX = 1024
USER_METADATA_BYTES_MAX = 2 * 1024
PAGE_KEYS_MAX = 1000
OBJECT_TAGS_MAX = 10
BUCKET_TAGS_MAX = 50


def invalid_argument(message: str, name: str = "", value: Any = None) -> ServiceError:
    """InvalidArgument, with the name and the value of what is wrong."""
    members = {"ArgumentName": name, "ArgumentValue": str(value)} if name else {}
    return ServiceError("InvalidArgument", message, status=400, members=members)


def no_such_key(name: str) -> ServiceError:
    """NoSuchKey, with the key."""
    return ServiceError("NoSuchKey", "The specified key does not exist.", status=404, members={"Key": name})


def no_such_version(name: str, version_id: str) -> ServiceError:
    """NoSuchVersion, with the key and the version."""
    text = "The specified version does not exist."
    return ServiceError("NoSuchVersion", text, status=404, members={"Key": name, "VersionId": version_id})


def access_denied(message: str = "Access Denied") -> ServiceError:
    """AccessDenied, where a rule of S3's own and not a policy says no."""
    return ServiceError("AccessDenied", message, status=403)


def malformed_xml() -> ServiceError:
    """MalformedXML, for a document that the model accepts and S3 does not."""
    text = "The XML you provided was not well-formed or did not validate against our published schema"
    return ServiceError("MalformedXML", text, status=400)


def _select(*asked: Any, **named: Any) -> Any:
    from haar.services.s3.select import select  # an engine that most users of S3 never need

    return select(*asked, **named)


s3.provide("select", _select)
