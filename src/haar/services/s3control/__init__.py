"""Amazon S3 Control: what concerns a whole account, and its access points.

* Block Public Access of an account holds for all its buckets, besides each bucket's own.
* Access points are reached by their ARN, their alias, or the host `name-account`. Those limited to a VPC let nobody in,
  as nothing comes from a VPC yet; the scope of an access point (prefixes, permissions) is for directory buckets only.
* Buckets and access points are tagged here; S3 buckets on Outposts, access grants, Batch Operations, Storage Lens,
  multi-Region and Object Lambda access points are refused.

Reference: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_AWS_S3_Control.html
"""

from haar.services.s3control import operations
from haar.services.s3control.operations import s3control

__all__ = ["operations", "s3control"]
