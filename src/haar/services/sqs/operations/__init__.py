"""The operations of SQS, one module per subject."""

from haar.services.sqs.operations import messages, moves, permissions, queues

__all__ = ["messages", "moves", "permissions", "queues"]
