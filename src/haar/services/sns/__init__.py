"""Amazon SNS: topics that tell their subscribers what they are told.

Standard and FIFO topics. What is published leaves in the same tick, after the publisher's transaction: to queues
through SQS's own door as `sns.amazonaws.com`, so that the queue's policy decides; to HTTP endpoints as really signed
requests with the delivery policy's retries on the virtual clock; to mailboxes, telephones and devices into a local
outbox that a person can read (`haar outbox`). Filter policies on attributes and bodies, raw delivery, dead-letter
queues, archives and replay of FIFO topics, and topic policies for publishers and services behave as on AWS.

* Envelopes to queues carry a signature only when somebody has set the topic's `SignatureVersion`: a signature costs
  some 0.7 ms, and hardly anybody verifies it there. HTTP endpoints, functions and e-mail in JSON always get one.
* The certificate is this cloud's own and has its address; programs that only trust `sns.*.amazonaws.com` must be told.
* Nothing is retried that SQS refuses: a queue that is gone or closed is an error of the client's making, as on AWS.
* Whoever publishes to a topic with a `KmsMasterKeyId` needs the permissions on the key. Messages in an archive, and on
  their way, are not encrypted.
* Delivery status logging is kept and shown, and logs nothing. Jitter is not added to retries.
* `firehose` cannot be subscribed, nor `lambda` where Lambda is not there; data protection policies are refused.

Reference: https://docs.aws.amazon.com/sns/latest/api/welcome.html
"""

from haar.services.sns import operations
from haar.services.sns.outbox import newest
from haar.services.sns.service import sns
from haar.services.sns.signing import certificate

sns.provide("outbox", newest)
sns.provide("certificate", certificate)

__all__ = ["operations", "sns"]
