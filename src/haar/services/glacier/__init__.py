"""Amazon S3 Glacier: archives in vaults, put away for years and read again hours after asking for them.

This is the service with vaults, archives and jobs of its own, apart from the storage classes of S3. AWS takes no new
customers for it; those who have vaults go on using them as before, and so does every account here.

Everything that time does happens on the virtual clock: a retrieval takes 1 to 5 minutes, 3 to 5 hours or 5 to 12 hours
by its tier, its output is there for a day, the inventory of a vault is taken a day after something was written, a vault
lock that was not completed is gone after 24 hours, provisioned capacity ends after a month.

* Tree hashes are computed and compared for every archive and part, and given back wherever AWS gives them.
* The inventory is taken exactly one day after the first change since the last one; AWS does it about daily.
* Deleting an archive fails the retrievals that are still in progress; AWS says that they may fail.
* Expedited retrievals are always accepted. `haar.services.glacier.operations.capacity.high_demand` lets a test have
  the rare high demand in which only provisioned capacity is served.
* What provisioned units carry, 150 MB a second each, is held to with `limits="aws"` only.
* A free-tier policy allows 10 GiB a month, given out by the day; a policy of bytes per hour counts a retrieval as if
  its bytes came evenly over four hours.
* A select job runs when it completes, as the user who began it, and writes its results to the bucket then.
* Topics are kept and shown; nothing is sent to them yet.

Reference: https://docs.aws.amazon.com/amazonglacier/latest/dev/amazon-glacier-api.html
"""

from haar.services.glacier import forgetting, operations
from haar.services.glacier.service import glacier

__all__ = ["forgetting", "glacier", "operations"]
