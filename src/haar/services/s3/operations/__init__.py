"""The operations, one file for each part of the API."""

from haar.services.s3.operations import (
    acls,
    bucket_policies,
    bucket_settings,
    buckets,
    copying,
    cors,
    deleting,
    encryption,
    listing,
    multipart,
    object_tags,
    objects,
    posting,
    select,
    website,
)

__all__ = [
    "acls",
    "bucket_policies",
    "bucket_settings",
    "buckets",
    "copying",
    "cors",
    "deleting",
    "encryption",
    "listing",
    "multipart",
    "object_tags",
    "objects",
    "posting",
    "select",
    "website",
]
