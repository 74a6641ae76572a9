"""AWS Secrets Manager: secrets with versions, encrypted under keys of KMS.

A secret's value is sealed in the store under a data key of its own KMS key, which is asked at every read, as the
caller: whoever may read the secret and not use the key reads nothing. Recovery windows follow the virtual clock.

* A secret is named by its name, its ARN, or its ARN without the six random characters at the end.
* Replicas are brought up to date in the very request that changes their primary: a status is `InSync` at once, or
  `Failed` with the reason.
* Unlabelled versions beyond 100 go once they are a day old, at the next new version, oldest first.
* `LastAccessedDate` is a day, and changes once in a day of virtual time.
* Rotation is refused, as it calls a Lambda function; so are secrets that other services or partners manage, replicas
  in other accounts, and resource policies besides the one that a secret has.

Reference: https://docs.aws.amazon.com/secretsmanager/latest/apireference/Welcome.html
"""

from haar.services.secretsmanager import operations
from haar.services.secretsmanager.service import secretsmanager

__all__ = ["operations", "secretsmanager"]
