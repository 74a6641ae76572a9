"""A bucket that keeps and locks versions, against a model of it in a few lines: random calls, and jumps of the clock.

The model knows a key as its versions, newest first. Whatever the calls were, both listings, every version's content and
a range of it, and every refusal are as the model says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from haar import Cloud

LOCK = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html"
DAY = 86_400
KEYS = st.sampled_from(["a", "b/1"])
BODIES = st.binary(min_size=1, max_size=8)
MODES = st.sampled_from(["GOVERNANCE", "COMPLIANCE"])
DAYS = st.integers(1, 4)
#: which of all versions there are: the rest of a division says
PLACES = st.integers(0, 30)


@dataclass
class Made:
    """A version: its id, its body (None: a delete marker), what holds it, and until which of the machine's days."""

    id: str
    body: bytes | None
    mode: str = ""
    until: float = 0
    hold: bool = False


@dataclass
class Model:
    """What the bucket should be."""

    status: str = ""
    locked: bool = False
    #: mode and days of the bucket's default retention
    default: tuple[str, int] = ("", 0)
    day: int = 0
    keys: dict[str, list[Made]] = field(default_factory=dict)

    def put(self, name: str, made: Made) -> None:
        """A version becomes the newest; without versions it is the only one, suspended the only null version."""
        if not made.mode and made.body is not None:
            made.mode = self.default[0]
            made.until = self.day + self.default[1]
        before = self.keys.get(name, [])
        if self.status != "Enabled":
            before = [one for one in before if one.id != "null"]
        self.keys[name] = [made, *before]

    def newest(self, name: str) -> Made | None:
        """What a GET finds."""
        versions = self.keys.get(name)
        return versions[0] if versions and versions[0].body is not None else None

    def is_retained(self, made: Made) -> bool:
        """Whether its day has not come."""
        return bool(made.mode) and self.day < made.until

    def lets_go(self, made: Made, bypass: bool) -> bool:
        """Whether the version can be removed."""
        if made.hold:
            return False
        return not self.is_retained(made) or (made.mode == "GOVERNANCE" and bypass)

    def lets_retain(self, made: Made, mode: str, until: float, bypass: bool) -> bool:
        """Whether its retention can become this."""
        if not self.is_retained(made) or (made.mode == "GOVERNANCE" and bypass):
            return True
        return mode == made.mode and until >= made.until


def code_of(call: Callable[[], Any]) -> str:
    """What a call is refused with; "" when it goes through."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def has_versions(machine: Any) -> bool:
    return any(machine.model.keys.values())


def has_objects(machine: Any) -> bool:
    return any(made.body is not None for versions in machine.model.keys.values() for made in versions)


class Bucket(RuleBasedStateMachine):
    """The calls, made on the server and on the model."""

    def __init__(self) -> None:
        super().__init__()
        self.cloud = Cloud(seed=1)
        self.s3 = self.cloud.client("s3")
        self.s3.create_bucket(Bucket="model")
        self.began_at = self.cloud.clock.now()
        self.model = Model()

    def teardown(self) -> None:
        for name, versions in self.model.keys.items():
            for made in versions:
                self.reads(name, made)
        self.cloud.close()

    def instant(self, day: float) -> datetime:
        """An instant; the machine's are in the middle of days, so that it matters not how long the calls take."""
        return datetime.fromtimestamp(int(self.began_at) + day * DAY, UTC)

    def any_of(self, place: int, *, markers: bool = True) -> tuple[str, Made]:
        """A key and one of its versions, out of all there are."""
        every = [
            (name, made)
            for name, versions in self.model.keys.items()
            for made in versions
            if markers or made.body is not None
        ]
        return every[place % len(every)]

    def expect(self, allowed: bool, call: Callable[[], Any]) -> None:
        """The call goes through or is denied, as the model says."""
        assert code_of(call) == ("" if allowed else "AccessDenied")

    @initialize(locked=st.booleans())
    def begin(self, locked: bool) -> None:
        if locked:
            self.turn("Enabled")
            self.lock()

    # --- writing

    @rule(name=KEYS, body=BODIES)
    def put(self, name: str, body: bytes) -> None:
        reply = self.s3.put_object(Bucket="model", Key=name, Body=body)
        self.model.put(name, Made(reply.get("VersionId", "null"), body))

    @precondition(lambda self: self.model.locked)
    @rule(name=KEYS, body=BODIES, mode=MODES, days=DAYS, hold=st.booleans())
    def put_locked(self, name: str, body: bytes, mode: str, days: int, hold: bool) -> None:
        until = self.model.day + days - 0.5
        reply = self.s3.put_object(
            Bucket="model", Key=name, Body=body, ObjectLockMode=mode, ObjectLockRetainUntilDate=self.instant(until),
            ObjectLockLegalHoldStatus="ON" if hold else "OFF",
        )  # fmt: skip
        self.model.put(name, Made(reply["VersionId"], body, mode, until, hold))

    @rule(name=KEYS, body=BODIES)
    def put_in_parts(self, name: str, body: bytes) -> None:
        place = {"Bucket": "model", "Key": name}
        upload = self.s3.create_multipart_upload(**place)["UploadId"]
        part = self.s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=body)
        parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        reply = self.s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload=parts)
        self.model.put(name, Made(reply.get("VersionId", "null"), body))

    @precondition(has_objects)
    @rule(place=PLACES, name=KEYS)
    def copy(self, place: int, name: str) -> None:
        source, made = self.any_of(place, markers=False)
        named = {"Bucket": "model", "Key": source, "VersionId": made.id}
        reply = self.s3.copy_object(Bucket="model", Key=name, CopySource=named)
        self.model.put(name, Made(reply.get("VersionId", "null"), made.body))

    # --- removing

    @rule(name=KEYS)
    def delete(self, name: str) -> None:
        reply = self.s3.delete_object(Bucket="model", Key=name)
        if self.model.status:
            assert reply["DeleteMarker"] is True
            self.model.put(name, Made(reply["VersionId"], None))
        else:
            self.model.keys.pop(name, None)

    @precondition(has_versions)
    @rule(place=PLACES, bypass=st.booleans(), together=st.booleans())
    def delete_version(self, place: int, bypass: bool, together: bool) -> None:
        name, made = self.any_of(place)
        allowed = self.model.lets_go(made, bypass)
        if together:
            wanted = {"Objects": [{"Key": name, "VersionId": made.id}]}
            reply = self.s3.delete_objects(Bucket="model", Delete=wanted, BypassGovernanceRetention=bypass)
            assert ("Errors" not in reply) == allowed
        else:
            self.expect(
                allowed,
                lambda: self.s3.delete_object(
                    Bucket="model", Key=name, VersionId=made.id, BypassGovernanceRetention=bypass
                ),
            )
        if allowed:
            self.model.keys[name].remove(made)

    # --- locking

    @precondition(lambda self: self.model.locked and has_objects(self))
    @rule(place=PLACES, mode=MODES, days=DAYS, bypass=st.booleans())
    def retain(self, place: int, mode: str, days: int, bypass: bool) -> None:
        (name, made), until = self.any_of(place, markers=False), self.model.day + days - 0.5
        allowed = self.model.lets_retain(made, mode, until, bypass)
        retention = {"Mode": mode, "RetainUntilDate": self.instant(until)}
        self.expect(
            allowed,
            lambda: self.s3.put_object_retention(
                Bucket="model", Key=name, VersionId=made.id, Retention=retention, BypassGovernanceRetention=bypass
            ),
        )
        if allowed:
            made.mode, made.until = mode, until

    @precondition(lambda self: self.model.locked and has_objects(self))
    @rule(place=PLACES, hold=st.booleans())
    def hold(self, place: int, hold: bool) -> None:
        name, made = self.any_of(place, markers=False)
        status = {"Status": "ON" if hold else "OFF"}
        self.s3.put_object_legal_hold(Bucket="model", Key=name, VersionId=made.id, LegalHold=status)
        made.hold = hold

    # --- the bucket and the clock

    @rule(status=st.sampled_from(["Enabled", "Suspended"]))
    def turn(self, status: str) -> None:
        wanted = {"Status": status}
        code = code_of(lambda: self.s3.put_bucket_versioning(Bucket="model", VersioningConfiguration=wanted))
        if self.model.locked and status == "Suspended":
            assert code == "InvalidBucketState"
        else:
            assert code == ""
            self.model.status = status

    @precondition(lambda self: not self.model.locked and self.model.status == "Enabled")
    @rule()
    def lock(self) -> None:
        wanted = {"ObjectLockEnabled": "Enabled"}
        self.s3.put_object_lock_configuration(Bucket="model", ObjectLockConfiguration=wanted)
        self.model.locked = True

    @precondition(lambda self: self.model.locked)
    @rule(mode=MODES, days=DAYS)
    def default(self, mode: str, days: int) -> None:
        retention = {"DefaultRetention": {"Mode": mode, "Days": days}}
        wanted = {"ObjectLockEnabled": "Enabled", "Rule": retention}
        self.s3.put_object_lock_configuration(Bucket="model", ObjectLockConfiguration=wanted)
        self.model.default = (mode, days)

    @rule(days=st.sampled_from([1, 1, 1, 3]))
    def wait(self, days: int) -> None:
        self.cloud.advance(days=days)
        self.model.day += days

    # --- what holds after every call

    @invariant()
    def versions_are_listed(self) -> None:
        reply = self.s3.list_object_versions(Bucket="model")
        found = {
            (one["Key"], one["VersionId"], one["IsLatest"], is_marker)
            for kind, is_marker in (("Versions", False), ("DeleteMarkers", True))
            for one in reply.get(kind, [])
        }
        assert found == {
            (name, made.id, place == 0, made.body is None)
            for name, versions in self.model.keys.items()
            for place, made in enumerate(versions)
        }
        order = [(one["Key"], one["VersionId"]) for one in reply.get("Versions", [])]
        assert order == [
            (name, made.id)
            for name in sorted(self.model.keys)
            for made in self.model.keys[name]
            if made.body is not None
        ]

    @invariant()
    def objects_are_listed(self) -> None:
        found = {one["Key"]: one["Size"] for one in self.s3.list_objects_v2(Bucket="model").get("Contents", [])}
        newest = {name: self.model.newest(name) for name in self.model.keys}
        assert found == {name: len(made.body or b"") for name, made in newest.items() if made is not None}

    @precondition(has_versions)
    @rule(place=PLACES)
    def read(self, place: int) -> None:
        self.reads(*self.any_of(place))

    def reads(self, name: str, made: Made) -> None:
        """A version, and a range of it, are what was written; its lock is shown with it."""
        body = made.body
        if body is None:
            return
        place = {"Bucket": "model", "Key": name, "VersionId": made.id}
        reply = self.s3.get_object(**place)
        assert reply["Body"].read() == body
        assert reply.get("ObjectLockMode", "") == made.mode
        assert (reply.get("ObjectLockLegalHoldStatus") == "ON") == made.hold
        tail = self.s3.get_object(**place, Range=f"bytes={len(body) // 2}-")["Body"].read()
        assert tail == body[len(body) // 2 :]


@pytest.mark.documented(LOCK)
def test_a_bucket_is_what_its_model_says_whatever_the_calls() -> None:
    run_state_machine_as_test(
        Bucket,
        settings=settings(
            max_examples=30, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
