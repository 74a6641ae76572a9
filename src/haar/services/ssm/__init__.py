"""AWS Systems Manager Parameter Store: settings and secrets by name, with every version they had.

Parameters of the three types and both tiers, in hierarchies of up to fifteen levels, with versions, labels, tags,
allowed patterns and parameter policies. A `SecureString` is really encrypted under a key of KMS (`alias/aws/ssm`, or
one of your own): KMS is asked as the caller and writes each use into the trail. An expiration date deletes a
parameter when the cloud's virtual clock gets there. A resource policy shares an advanced parameter with other accounts.

* Of Systems Manager this is Parameter Store alone; documents, commands, patches, sessions and the like are refused.
* The parameters that AWS publishes under `/aws/service` are not kept here: reading one is refused.
* `aws:ec2:image` is checked by the form of the AMI's id, not by looking for the image.
* `ExpirationNotification` and `NoChangeNotification` come to be `Finished` when they are due; no event leaves yet.
* Rates are enforced with `limits="aws"` only; sizes, counts and depths always are.

Reference: https://docs.aws.amazon.com/systems-manager/latest/APIReference/Welcome.html
"""

from haar.services.ssm import operations, refusals
from haar.services.ssm.service import ssm

__all__ = ["operations", "refusals", "ssm"]
