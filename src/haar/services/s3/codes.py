"""Error codes that S3 answers with and its model does not have.

Source: Amazon S3 API Reference, ErrorResponses.html ("List of error codes").
"""

from __future__ import annotations

from typing import Final

CODES: Final = (
    "AccessControlListNotSupported", "AccessForbidden", "AuthorizationHeaderMalformed", "BadDigest",
    "BadRequest", "BucketHasAccessPointsAttached", "BucketNotEmpty", "ConditionalRequestConflict",
    "CrossLocationLoggingProhibited", "EntityTooLarge", "EntityTooSmall", "IllegalLocationConstraintException",
    "IllegalVersioningConfigurationException", "IncompleteBody", "InternalError", "InvalidArgument",
    "InvalidBucketAclWithBlockPublicAccessError", "InvalidBucketAclWithObjectOwnership", "InvalidBucketName",
    "InvalidBucketState", "InvalidDigest", "InvalidEncryptionAlgorithmError", "InvalidLocationConstraint",
    "InvalidPart", "InvalidPartNumber", "InvalidPartOrder", "InvalidPolicyDocument", "InvalidRange",
    "InvalidRedirectLocation", "InvalidS3DestinationBucket", "InvalidStorageClass", "InvalidTag",
    "InvalidTargetBucketForLogging", "KMS.DisabledException", "KMS.KMSInvalidStateException",
    "KMS.NotFoundException", "KeyTooLongError", "MalformedACLError", "MalformedPOSTRequest", "MalformedPolicy",
    "MalformedXML", "MaxPostPreDataLengthExceeded", "MetadataTooLarge", "MethodNotAllowed",
    "MissingContentLength", "MissingSecurityHeader", "NoSuchAccessPoint", "NoSuchBucketPolicy",
    "NoSuchCORSConfiguration", "NoSuchConfiguration", "NoSuchLifecycleConfiguration",
    "NoSuchObjectLockConfiguration", "NoSuchPublicAccessBlockConfiguration", "NoSuchTagSet", "NoSuchVersion",
    "NoSuchWebsiteConfiguration", "NotImplemented", "NotModified", "ObjectLockConfigurationNotFoundError",
    "OwnershipControlsNotFoundError", "PermanentRedirect", "PolicyTooLarge", "PreconditionFailed",
    "ReplicationConfigurationNotFoundError", "RestoreAlreadyInProgress",
    "ServerSideEncryptionConfigurationNotFoundError", "ServiceUnavailable", "SlowDown", "TooManyBuckets",
    "TooManyConfigurations", "UnexpectedContent", "UnresolvableGrantByEmailAddress", "UnsupportedStorageClass",
)  # fmt: skip
