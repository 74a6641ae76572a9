"""Resources: records with an account, an ARN, tags and a creation time.

::

    class Queue(Resource, arn="arn:{partition}:sqs:{region}:{account}:{name}", missing=("QueueDoesNotExist", "...")):
        name: str = key()

A `Resource` lives in a region (key: account, region, then its own key fields), a `GlobalResource`
only in an account (key: account, then its own). The name of a `UniqueResource` is taken for all accounts (key: its own
fields alone). `policy` (a field or property) holds a
resource-based policy as JSON text, and is enforced without further words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

from msgspec import field

from haar.record import Record, key

__all__ = ["GlobalResource", "Resource", "UniqueResource", "heading", "key", "partition_of"]


@cache
def partition_of(region: str) -> str:
    """The partition a region belongs to (docs: IAM User Guide, reference-arns.html)."""
    if region.startswith("cn-"):
        return "aws-cn"
    if region.startswith("us-gov-"):
        return "aws-us-gov"
    return "aws"


class _Named(Record):
    """What every resource has."""

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` or `aws-us-gov`."""
        return partition_of(getattr(self, "region", ""))

    @property
    def arn(self) -> str:
        """The Amazon Resource Name, from the class's `arn=` format."""
        return _arn_builder(type(self))(self)

    @classmethod
    def missing(cls, *key: Any) -> tuple[str, str]:
        """Error code and message when there is none of this key; `{0}`, `{1}`... stand for its own key fields."""
        code, message = cls.__declared__.get("missing", ("ResourceNotFoundException", "{0} does not exist."))
        own = key[_common_keys(cls) :]
        return code, message.format(*own) if own else message

    @classmethod
    def arn_for(cls, *key: Any, **fields: Any) -> str:
        """The ARN that the resource of a key has, or would have; other fields from `fields` or their defaults."""
        values = dict(zip(cls.__keys__, key, strict=False))
        values["partition"] = partition_of(values.get("region", ""))
        optional = cls.__struct_fields__[-len(cls.__struct_defaults__) :]
        for name, default in zip(optional, cls.__struct_defaults__, strict=False):
            values.setdefault(name, default)
        return str(cls.__declared__["arn"].format_map({**values, **fields}))

    @classmethod
    def key_of(cls, arn: str) -> tuple[str, ...] | None:
        """The primary key inside an ARN of this kind; None when the ARN is not one."""
        match = arn_pattern(cls).fullmatch(arn)
        return tuple(match[name] for name in cls.__keys__) if match else None


class Resource(_Named):
    """A resource in a region of an account."""

    account: str = key()
    region: str = key()
    tags: dict[str, str] = field(default_factory=dict)
    created_at: float = 0.0
    __regional__: ClassVar[bool] = True


class GlobalResource(_Named):
    """A resource of an account, the same from every region."""

    account: str = key()
    tags: dict[str, str] = field(default_factory=dict)
    created_at: float = 0.0
    __regional__: ClassVar[bool] = False


class UniqueResource(_Named):
    """A resource whose own key fields are taken for every account, such as a bucket's name."""

    account: str
    region: str
    tags: dict[str, str] = field(default_factory=dict)
    created_at: float = 0.0
    __regional__: ClassVar[bool] = True


def heading(kind: type[_Named], account: str, region: str) -> tuple[str, ...]:
    """What stands in a kind's primary key before its own key fields."""
    if issubclass(kind, Resource):
        return (account, region)
    return (account,) if issubclass(kind, GlobalResource) else ()


def _common_keys(kind: type[_Named]) -> int:
    return len(heading(kind, "", ""))


@cache
def _arn_builder(kind: type[_Named]) -> Callable[[Any], str]:
    # "arn:{partition}:sqs:{region}" -> f"arn:{r.partition}:sqs:{r.region}": compiled once, 0.3 us a call
    template = re.sub(r"\{(\w+)\}", r"{r.\1}", kind.__declared__["arn"])
    assert '"' not in template and "\\" not in template, f"{kind.__table__}: odd ARN format"
    built: Callable[[Any], str] = eval(f'lambda r: f"{template}"')  # the template is a class declaration, never input  # noqa: S307
    return built


@cache
def arn_pattern(kind: type[_Named]) -> re.Pattern[str]:
    """What the ARNs of a kind match as a whole, with a group for every field in them."""
    parts = re.split(r"\{(\w+)\}", kind.__declared__["arn"])
    pattern = ""
    for position, part in enumerate(parts):
        if position % 2 == 0:
            pattern += re.escape(part)
        elif part == "path":
            pattern += r"(?P<path>/(?:[^:]*/)?)"
        elif position == len(parts) - 2 and not parts[-1]:
            pattern += rf"(?P<{part}>[^/]+)" if "path" in parts else rf"(?P<{part}>.+)"
        else:
            pattern += rf"(?P<{part}>[^:/]*)"
    return re.compile(pattern)
