"""Amazon SQS: queues that keep a message until somebody deletes it.

Standard and FIFO queues, with everything that time does to a message: delays, visibility timeouts, long polls,
retention and deduplication all follow the cloud's virtual clock, so `cloud.advance(days=4)` really empties a queue
whose messages nobody took. Both protocols are spoken, today's JSON and the older query protocol.

* A message is kept exactly once and never lost: standard queues do not deliver twice out of the blue here, though
  a program must expect it of AWS. A standard queue's order is that of visibility, and not promised.
* The approximate counts of `GetQueueAttributes` are exact.
* A queue URL carries the host that the client used. Any host, also `https://queue.amazonaws.com/...`, is accepted
  in a `QueueUrl`: only account and name are read.
* Rates of FIFO queues are enforced with `limits="aws"` only; all other limits always hold.
* With a `KmsMasterKeyId`, bodies and message attributes are encrypted in the store under data keys of KMS, and who
  sends or receives needs the permissions on the key. What KMS allowed holds for the queue's reuse period.
* `SqsManagedSseEnabled` is kept and shown, and encrypts nothing: the key would lie in the same folder as the messages
  and protect no more than the folder's own permissions do, at some four microseconds a message. A queue whose
  messages are to be unreadable there takes a KMS key (`alias/aws/sqs` will do).

Reference: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html
"""

from haar.services.sqs import operations
from haar.services.sqs.service import sqs

__all__ = ["operations", "sqs"]
