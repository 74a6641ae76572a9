"""The vocabulary rooms are written in. A room imports from here and from nowhere else in Haar."""

from __future__ import annotations

import hashlib

from haar.errors import Refused, ServiceError
from haar.kit.body import Body, Kept, Stream, chained, keeps
from haar.kit.call import Call, Origin, root_of
from haar.kit.epoch import bump, epoch
from haar.kit.identity import Grants, Principal, Source
from haar.kit.page import Page
from haar.kit.quota import Quota
from haar.kit.resource import GlobalResource, Resource, UniqueResource, partition_of
from haar.kit.service import Service
from haar.kit.tagging import as_dict, as_list, retag, tags_in
from haar.kit.timer import Task
from haar.kit.wait import Wait
from haar.record import Index, Record, key, on_change, replace

__all__ = [
    "Body", "Call", "GlobalResource", "Grants", "Index", "Kept", "Origin", "Page", "Principal", "Quota", "Record",
    "Refused", "Resource", "Service", "ServiceError", "Source", "Stream", "Task", "UniqueResource", "Wait",
    "as_dict", "as_list", "bump", "chained", "epoch", "keeps", "key", "md5", "on_change", "partition_of",
    "replace", "retag", "root_of", "tags_in",
]  # fmt: skip


def md5(text: str | bytes) -> str:
    """The hexadecimal MD5 that AWS returns for integrity, not for security."""
    return hashlib.md5(text.encode() if isinstance(text, str) else text, usedforsecurity=False).hexdigest()
