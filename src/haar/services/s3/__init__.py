"""Amazon S3: buckets of objects of any size.

Bodies stream: what is larger than a mebibyte goes to disk as it arrives and comes from there as it is sent. Every
object is encrypted at rest. Reads see every write at once.

* A request for several ranges is answered with the whole object, as on AWS.
* A missing key is AccessDenied to a caller who may not list the bucket.
* Conditional writes never answer 409: each is one transaction, and none overlaps another.
* A copy shares the bytes of its source. They are read again only where the copy needs a digest that the source does not
  have: an MD5 for an object that came in parts, or another checksum.
* New buckets refuse customers' keys (SSE-C) until PutBucketEncryption unblocks them, as AWS's do since April 2026. Keys
  may come over plain HTTP, which AWS refuses: here the door is on the machine itself. The same holds for SSE-KMS.
* KMS is asked in the caller's own name. A Bucket Key serves one caller for five minutes, and until then a change of the
  KMS key is not noticed.
* Objects under KMS are not to be had through presigned URLs of Signature Version 2, which boto3 still makes for some
  regions: `Config(signature_version="s3v4")` makes the others.
* UpdateObjectEncryption asks KMS for Decrypt and GenerateDataKey, and needs no permission to re-encrypt.
* Under a host that names no region (`localhost`, `127.0.0.1`) a request for a bucket of another region is redirected to
  the region that the bucket is in, as boto3 expects; an unsigned one is answered.
* New buckets are private, refuse public policies and have no ACLs, as AWS's since April 2023.
* A grant of WRITE on a bucket lets its grantee put objects and delete its own, not those that others own.
* Web sites are under `BUCKET.s3-website.localhost` and AWS's own host names; other names for them are not known.
* Headers that a signer moved into the query of a presigned address count as if they had been sent. Checksums there are
  not looked at: they were made before there was a body.
* Forms may be posted with Signature Version 2, which boto3 makes of `generate_presigned_post`; its policy ends by the
  real clock, that of Version 4 by the cloud's.
* Listings of versions show all versions before all delete markers; AWS mixes the two, and SDKs part them again.
* `StartAfter` with a key inside a common prefix shows that prefix while further keys are in it; a `Marker` does not.
* MFA Delete is switched on by the root user with a device of its own, which EnableMFADevice takes under the user name
  `root`. `x-amz-mfa` may come over plain HTTP, which AWS refuses.
* Event holds of Object Lock are refused.
* Lifecycle acts at midnight UTC on the virtual clock, on the first one on which something is due. AWS takes some hours
  or days more. A version is marked or moved one step a day.
* A restore takes the longest time that AWS gives for its tier: 5 minutes, 5 hours or 12 hours; 12 or 48 from the deep
  archive. Restores with a query are refused.
* The automatic tiers of Intelligent-Tiering follow from the last GET, which is noted once a day.
* Replication is over as soon as the request that began it; a destination that says no makes it FAILED at once, and it
  is not tried again. Replication time, metrics and what replicas change themselves (`ReplicaModifications`) are kept
  only.
* Events go to queues and topics. Functions and EventBridge wait for their services: the first are refused, the flag of
  EventBridge is kept. What a destination does not take is tried again for an hour.
* Access logs come hourly, if there was a request. Requests with a wrong signature, the sources of copies, and the keys
  of DeleteObjects have no line of their own; two times in a line are by the virtual clock.
* PutBucketLogging asks whether the target lets the log in, by its policy or its ACL, and refuses one that does not.
* Inventories are written at midnight UTC, weekly ones on Sundays; in CSV, in Parquet with the extra `parquet`, not in
  ORC.
* With `limits="aws"` every prefix (a key up to its last slash) has AWS's request rate from the first second on.
* `s3:TlsVersion` is never present in a request.
* GetBucketLifecycle, PutBucketLifecycle, GetBucketNotification and PutBucketNotification, which AWS has replaced, are
  on the wire what their successors are (`...Configuration`), and are answered and audited as these.
* As on AWS, the history of DeleteObjects names the bucket and not each object.
* A denial to another account says no more than Access Denied, also within one organization.

Reference: https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html
"""

from haar.services.s3 import access_points, authority, condition_keys, cors, customer_keys, forgetting, operations
from haar.services.s3.service import s3
from haar.services.s3.usage import usage

s3.provide("usage", usage)
customer_keys.hide(s3)

__all__ = ["access_points", "authority", "condition_keys", "cors", "customer_keys", "forgetting", "operations", "s3"]
