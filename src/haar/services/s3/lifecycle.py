"""Lifecycle by the clock: what is done with every version when its day has come.

A bucket with rules has one timer, always at a midnight UTC. When it rings, a pass walks through the keys that the rules
choose, in steps of a transaction each, and does what is due. On the way it notes when the next thing will be due, and
the timer is set to that day: a pass that could do nothing is not made.

| a version | is due | and then |
|---|---|---|
| the newest, no marker | `Days` after it was made, or at `Date` | removed; with versions: a delete marker on top |
| a marker with nothing below it | the same, or `ExpiredObjectDeleteMarker` | removed |
| an older one | `NoncurrentDays` after it was replaced, if there are `NewerNoncurrentVersions` | removed |
| any but markers | likewise, by transitions | moved to a rarer class |

Every due instant is rounded up to midnight UTC. Removing for good comes before moving, moving before marking, and of
several moves the one to the rarest class. What is locked is not removed; what still has to be replicated waits.

Source: Amazon S3 User Guide, intro-lifecycle-rules.html, lifecycle-conflicts.html,
lifecycle-expire-general-considerations.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec

from haar.kit import Call, Record, Task, key, replace
from haar.services.s3 import locking, presented, shelf, tiering, uploads
from haar.services.s3.lifecycle_rules import Chosen, smallest
from haar.services.s3.resources import Bucket, Upload, Version
from haar.services.s3.service import s3
from haar.services.s3.storage_classes import DAY, DOWNWARDS, may_move, next_midnight
from haar.wire.text import rfc822

__all__ = ["Due", "Plan", "Round", "decide", "expiration_of", "schedule"]

#: Versions looked at in one transaction.
BATCH: Final = 500
_WAITING: Final = frozenset(("PENDING", "FAILED"))


class Round(Record):
    """When the next pass through a bucket begins. A timer of another `turn` has nothing to do any more."""

    bucket: str = key()
    turn: str
    at: float


class Pass(Task):
    """One step of a pass: from behind a version (or an upload) on, under one of the plan's prefixes."""

    bucket: str
    turn: str
    uploads: bool = False
    prefix: int = 0
    after: list[Any] = msgspec.field(default_factory=list)
    #: noncurrent versions of the key in `after` that were seen already
    rank: int = 0
    #: the earliest instant at which something that was seen will be due
    soonest: float | None = None


class Due(msgspec.Struct, frozen=True):
    """What is to be done with a version now ("" nothing, "remove", "mark", "move"), and when to look again."""

    action: str = ""
    rule: str = ""
    target: str = ""
    again: float | None = None


class Plan:
    """The enabled rules of a bucket, with what they choose."""

    def __init__(self, bucket: Bucket, tierings: list[tiering.Tiering]) -> None:
        given = bucket.configs.get("lifecycle") or {}
        self.minimum: str = given.get("TransitionDefaultMinimumObjectSize") or ""
        enabled = [rule for rule in given.get("Rules") or () if rule.get("Status") == "Enabled"]
        self.rules = [(Chosen(rule), rule) for rule in enabled]
        self.tierings = tierings
        abort = [chosen.prefix for chosen, rule in self.rules if rule.get("AbortIncompleteMultipartUpload")]
        wanted = [chosen.prefix for chosen, rule in self.rules if _OF_VERSIONS & rule.keys()]
        self.upload_prefixes = _apart(abort)
        self.prefixes = _apart([*wanted, *(one.chosen.prefix for one in tierings)])

        self._newest_seconds = _least(rule for _, rule in self.rules for rule in _actions(rule, _OF_NEWEST))
        self._noncurrent_seconds = _least(rule for _, rule in self.rules for rule in _actions(rule, _OF_NONCURRENT))

    def not_before(self, version: Version) -> float:
        """An instant before which no rule has anything to do with a version: most need no further look."""
        if version.marker or version.storage_class == "INTELLIGENT_TIERING":
            return 0.0
        if version.noncurrent_at is None:
            return version.at + self._newest_seconds
        return version.noncurrent_at + self._noncurrent_seconds

    def __bool__(self) -> bool:
        return bool(self.prefixes or self.upload_prefixes)

    def first_for_new(self, now: float) -> float:
        """The earliest instant at which anything could be due for what is made, or replaced, from now on."""
        found = [now + one.days * DAY for one in self.tierings]
        for _, rule in self.rules:
            for given in _actions(rule):
                if given.get("ExpiredObjectDeleteMarker"):
                    found.append(now)
                elif given.get("Date") is not None:
                    found.append(max(given["Date"], now))
                else:
                    days = next((given[word] for word in _DAYS if given.get(word) is not None), 0)
                    found.append(now + days * DAY)
        return min(found)


_DAYS: Final = ("Days", "NoncurrentDays", "DaysAfterInitiation")
_OF_VERSIONS: Final = frozenset(
    ("Expiration", "Transitions", "NoncurrentVersionExpiration", "NoncurrentVersionTransitions")
)


_OF_NEWEST: Final = ("Expiration", "Transitions")
_OF_NONCURRENT: Final = ("NoncurrentVersionExpiration", "NoncurrentVersionTransitions")
_FAR: Final = float("inf")


def _actions(
    rule: Mapping[str, Any], words: tuple[str, ...] = (*_OF_NEWEST, *_OF_NONCURRENT, "AbortIncompleteMultipartUpload")
) -> Iterator[Mapping[str, Any]]:
    for word in words:
        given = rule.get(word)
        if isinstance(given, list):
            yield from given
        elif given:
            yield given


def _least(actions: Iterator[Mapping[str, Any]]) -> float:
    """The seconds that have to pass at least until one of these is due; those with a date may be due at once."""
    found = _FAR
    for given in actions:
        if given.get("ExpiredObjectDeleteMarker"):
            continue  # markers are looked at anyway
        days = next((given[word] for word in _DAYS if given.get(word) is not None), 0)
        found = min(found, days * DAY)
    return found


def _apart(prefixes: list[str]) -> list[str]:
    """The prefixes without those that begin with another one."""
    found: list[str] = []
    for prefix in sorted(set(prefixes)):
        if not found or not prefix.startswith(found[-1]):
            found.append(prefix)
    return found


# --- deciding --------------------------------------------------------------------------------------------------------


def decide(plan: Plan, version: Version, now: float, *, rank: int = 0, alone: bool = False) -> Due:
    """What is to be done with a version at an instant.

    `rank` is how many noncurrent versions of the key are newer, `alone` whether it is the only one.
    """
    due = list(_candidates(plan, version, now, rank=rank, alone=alone))
    later = [one.again for one in due if one.again is not None]
    again = min(later, default=None)
    ready = [one for one in due if one.action]
    if not ready:
        return Due(again=again)
    # whatever happens now, there may be more to do tomorrow
    tomorrow = next_midnight(now + 1)
    if version.replication in _WAITING:
        return Due(again=tomorrow)
    if locking.is_locked(version, now):
        ready = [one for one in ready if one.action != "remove"]
    return replace(min(ready, key=_precedence, default=Due()), again=tomorrow)


def _precedence(one: Due) -> tuple[int, int]:
    return ("remove", "move", "mark").index(one.action), -DOWNWARDS.index(one.target) if one.target else 0


def _sooner(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else min(one, other)


def _candidates(plan: Plan, version: Version, now: float, *, rank: int, alone: bool) -> Iterator[Due]:
    is_newest = version.noncurrent_at is None
    began = version.at if version.noncurrent_at is None else version.noncurrent_at
    for chosen, rule in plan.rules:
        if not chosen.fits(version.name, version.size) or not chosen.has(version.tags):
            continue
        if version.marker and chosen.sizes:
            continue
        if is_newest:
            yield from _newest(rule, version, now, alone=alone)
            yield from _moves(plan, chosen, rule, rule.get("Transitions"), version, began, now)
            continue
        ending = rule.get("NoncurrentVersionExpiration")
        if ending:
            yield _noncurrent(rule, ending, "remove", "", began, now, rank)
        for one in rule.get("NoncurrentVersionTransitions") or ():
            if _is_movable(plan, chosen, version, one["StorageClass"]):
                yield _noncurrent(rule, one, "move", one["StorageClass"], began, now, rank)


def _newest(rule: Mapping[str, Any], version: Version, now: float, *, alone: bool) -> Iterator[Due]:
    given = rule.get("Expiration")
    if not given:
        return
    at = _due_at(given, version.at) if not given.get("ExpiredObjectDeleteMarker") else now
    if version.marker:
        if alone:
            yield Due("remove", rule["ID"]) if at <= now else Due(again=at)
        else:
            yield Due(again=max(at, next_midnight(now + 1)))
    elif not given.get("ExpiredObjectDeleteMarker"):
        yield Due("mark", rule["ID"]) if at <= now else Due(again=at)


def _noncurrent(
    rule: Mapping[str, Any], given: Mapping[str, Any], action: str, target: str, began: float, now: float, rank: int
) -> Due:
    at = next_midnight(began + given["NoncurrentDays"] * DAY)
    if at > now:
        return Due(again=at)
    if rank < (given.get("NewerNoncurrentVersions") or 0):
        return Due(again=next_midnight(now + 1))
    return Due(action, rule["ID"], target)


def _moves(
    plan: Plan, chosen: Chosen, rule: Mapping[str, Any], given: Any, version: Version, began: float, now: float
) -> Iterator[Due]:
    for one in given or ():
        if _is_movable(plan, chosen, version, one["StorageClass"]):
            at = _due_at(one, began)
            yield Due("move", rule["ID"], one["StorageClass"]) if at <= now else Due(again=at)


def _is_movable(plan: Plan, chosen: Chosen, version: Version, target: str) -> bool:
    if version.marker or not may_move(version.storage_class, target):
        return False
    return chosen.sizes or version.size >= smallest(plan.minimum, target)


def _due_at(given: Mapping[str, Any], began: float) -> float:
    if given.get("Date") is not None:
        return float(given["Date"])
    return next_midnight(began + (given.get("Days") or 0) * DAY)


def expiration_of(bucket: Bucket, version: Version) -> tuple[float, str] | None:
    """When a newest version expires and by which rule (its id); None: never."""
    given = bucket.configs.get("lifecycle")
    if given is None or version.marker or version.noncurrent_at is not None:
        return None
    found: list[tuple[float, str]] = []
    for rule in given["Rules"]:
        ending = rule.get("Expiration")
        if not ending or ending.get("ExpiredObjectDeleteMarker") or rule["Status"] != "Enabled":
            continue
        chosen = Chosen(rule)
        if chosen.fits(version.name, version.size) and chosen.has(version.tags):
            found.append((_due_at(ending, version.at), rule["ID"]))
    return min(found) if found else None


def _says(call: Call, bucket: Bucket, version: Version) -> Mapping[str, Any]:
    """The header of an object that will expire."""
    if "lifecycle" not in bucket.configs:
        return _NOTHING
    found = expiration_of(bucket, version)
    if found is None:
        return _NOTHING
    return {"Expiration": f'expiry-date="{rfc822(found[0])}", rule-id="{quote(found[1], safe="")}"'}


_NOTHING: Final[dict[str, Any]] = {}
presented.also_says.append(_says)


# --- passing through -------------------------------------------------------------------------------------------------


def schedule(call: Call, bucket: str, at: float | None = None) -> None:
    """Have the next pass at the first midnight, or at an instant; one that was set before is not made."""
    when = next_midnight(call.now) if at is None else at
    turn = call.new_id()
    call.tx.put(Round(bucket=bucket, turn=turn, at=when))
    call.later(when, Pass(bucket=bucket, turn=turn))


def _chosen_anew(call: Call, bucket: Bucket, event: str, version: Version) -> None:
    """Other tags, or being the newest again: what is due by that already is done at the next midnight."""
    if "lifecycle" not in bucket.configs:
        return
    if event.startswith("ObjectTagging:") or (bucket.versioning and event == "ObjectRemoved:Delete"):
        found = call.tx.get(Round, bucket.name)
        midnight = next_midnight(call.now)
        if found is not None and found.at > midnight:
            schedule(call, bucket.name, midnight)


shelf.after_change.append(_chosen_anew)


@s3.on_change(Bucket)
def _gone(tx: Any, old: Bucket | None, new: Bucket | None) -> None:
    if new is None and old is not None:
        tx.delete(Round, old.name)


@s3.task(Pass)
def pass_through(call: Call, task: Pass) -> None:
    """One step: what is due is done, and the next step or the next pass is set."""
    found = call.tx.get(Round, task.bucket)
    bucket = call.tx.get(Bucket, task.bucket)
    if bucket is None or found is None or found.turn != task.turn:
        return
    call.region = bucket.region
    plan = Plan(bucket, tiering.tierings_of(call, bucket))
    if not plan:
        call.tx.delete(found)
        return
    seen = 0
    while seen < BATCH:
        prefixes = plan.upload_prefixes if task.uploads else plan.prefixes
        if task.prefix < len(prefixes):
            walk = _uploads if task.uploads else _versions
            task, looked_at = walk(call, bucket, plan, task, prefixes[task.prefix] or None)
            seen += looked_at
        elif not task.uploads:
            task = replace(task, uploads=True, prefix=0, after=[])
        else:
            soonest = min(plan.first_for_new(call.now), _FAR if task.soonest is None else task.soonest)
            schedule(call, bucket.name, max(next_midnight(soonest), next_midnight(call.now + 1)))
            return
    call.emit(task)


def _versions(call: Call, bucket: Bucket, plan: Plan, task: Pass, starts: str | None) -> tuple[Pass, int]:
    """Deal with some versions under a prefix: where to go on, and how many they were."""
    after = (bucket.name, *task.after) if task.after else None
    rows = list(call.tx.range(Version, bucket.name, starts=starts, after=after, limit=BATCH))
    name, rank = (task.after[0] if task.after else ""), task.rank
    soonest = task.soonest
    for version in rows:
        if version.name != name:
            name, rank = version.name, 0
        at = plan.not_before(version)
        if at > call.now:
            soonest = _sooner(soonest, at)
        else:
            soonest = _sooner(soonest, _act(call, bucket, plan, version, rank))
        rank += version.noncurrent_at is not None
    if len(rows) == BATCH:
        return replace(task, after=[name, rows[-1].order], rank=rank, soonest=soonest), BATCH
    return replace(task, prefix=task.prefix + 1, after=[], rank=0, soonest=soonest), len(rows)


def _act(call: Call, bucket: Bucket, plan: Plan, version: Version, rank: int) -> float | None:
    """Do with a version what is due; when to look at it again."""
    alone = False
    if version.marker and version.noncurrent_at is None:
        alone = len(list(call.tx.range(Version, bucket.name, version.name, limit=2))) == 1
    due = decide(plan, version, call.now, rank=rank, alone=alone)
    if due.action == "mark" and bucket.versioning:
        shelf.mark_deleted(call, bucket, version.name, "LifecycleExpiration:DeleteMarkerCreated")
    elif due.action in ("mark", "remove"):
        shelf.remove(call, bucket, version, "LifecycleExpiration:Delete")
    elif due.action == "move":
        moved = replace(version, storage_class=due.target, tier="", accessed_at=call.now)
        shelf.announce(call, bucket, "LifecycleTransition", shelf.update(call, moved))
    elif version.storage_class == "INTELLIGENT_TIERING":
        return _sooner(due.again, tiering.settle(call, bucket, plan.tierings, version))
    return due.again


def _uploads(call: Call, bucket: Bucket, plan: Plan, task: Pass, starts: str | None) -> tuple[Pass, int]:
    """Abort some uploads under a prefix that were not completed in time."""
    after = (bucket.name, *task.after) if task.after else None
    rows = list(call.tx.range(Upload, bucket.name, starts=starts, after=after, limit=BATCH))
    soonest = task.soonest
    for upload in rows:
        found = uploads.abort_rule(bucket, upload.name, upload.at)
        if found is not None and found[0] <= call.now:
            uploads.drop(call, upload)
        elif found is not None:
            soonest = _sooner(soonest, found[0])
    if len(rows) == BATCH:
        return replace(task, after=[rows[-1].name, rows[-1].id], soonest=soonest), BATCH
    return replace(task, prefix=task.prefix + 1, after=[], soonest=soonest), len(rows)
