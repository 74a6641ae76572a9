"""Amazon S3: buckets of objects of any size.

Bodies stream: what is larger than a mebibyte goes to disk as it arrives and comes from there as it is sent. Every object
is encrypted at rest. Reads see every write at once.

Reference: https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html
"""

from haar.services.s3 import access_points, authority, condition_keys, cors, operations
from haar.services.s3.service import s3
from haar.services.s3.usage import usage

s3.provide("usage", usage)

__all__ = ["access_points", "authority", "condition_keys", "cors", "operations", "s3"]
