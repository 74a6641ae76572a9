"""The operations, one file for each part of the API."""

from haar.services.s3.operations import buckets, listing, objects, select

__all__ = ["buckets", "listing", "objects", "select"]
