"""The gate: figures that a release holds, on the machine they were set on or relative to peers measured beside it.

`cpu_us` and the ratios are of the server's CPU time per unit at 16 connections, which a busy machine hardly moves.
Rates and latencies are of the plainest request and the plainest write.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """At most so much CPU per unit, and so many times less than each peer."""

    cpu_us: float
    times_less: dict[str, float]


CASES = {
    "sts.GetCallerIdentity": Goal(80, {"MiniStack": 4, "moto": 20}),
    "iam.CreateUser+DeleteUser": Goal(250, {"MiniStack": 3, "moto": 15}),
    "sqs.SendMessage": Goal(100, {"MiniStack": 4, "moto": 60}),
    "sqs.SendMessage.query": Goal(120, {"MiniStack": 3.5, "moto": 50}),
    "sqs.SendMessageBatch.10": Goal(220, {"MiniStack": 3, "moto": 300}),
    "sqs.Send+Receive+Delete": Goal(300, {"MiniStack": 4, "moto": 20}),
    "s3.PutObject.1KiB": Goal(100, {"MiniStack": 4, "moto": 15}),
    "s3.GetObject.1KiB": Goal(80, {"MiniStack": 4, "moto": 20}),
    # large bodies are bound by digests and copies: parity is the physics
    "s3.PutObject.8MiB": Goal(35_000, {"MiniStack": 0.95}),
    "s3.GetObject.64MiB": Goal(22_000, {"MiniStack": 0.85}),
    "s3.ListObjectsV2.10k": Goal(1_500, {"MiniStack": 10, "moto": 100}),
    "kms.Encrypt": Goal(100, {"MiniStack": 4, "moto": 15}),
    "kms.GenerateDataKey": Goal(100, {"MiniStack": 4, "moto": 15}),
}

#: The cases whose rate and latency are judged: single small requests.
SMALL = ("sts.GetCallerIdentity", "sqs.SendMessage", "s3.GetObject.1KiB", "s3.PutObject.1KiB")
PER_SECOND_MIN = 8_000
P50_MS_MAX = 0.25
START_SECONDS_MAX = 0.30
IDLE_MB_MAX = 40.0
