"""The IAM workload: an answer follows the policies attached at that moment, and a deleted key never works again."""

from __future__ import annotations

import json
from typing import Any

from haar.auth.decide import Question, decide
from haar.kit import Grants, Principal, Source
from tests.sim.world import BEGINNING, Answer, Keys, World

ACCOUNT = "000000000000"
USERS = ("ann", "ben", "cem")
QUEUES = ("red", "blue")
VERSION = "2010-05-08"
#: What a caller hears whose key does not exist, or sleeps.
UNKNOWN = frozenset(("UnrecognizedClientException", "InvalidClientTokenId"))
_HOUR = 3600


def _document(effect: str, action: str, queue: str, **condition: Any) -> str:
    statement = {"Effect": effect, "Action": action, "Resource": f"arn:aws:sqs:*:*:{queue}", **condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


#: "2027-01-15T08:00:00Z" is the real clock of all simulations; the cloud's own is an hour further before long.
_FIRST_HOUR = {"Condition": {"NumericLessThan": {"aws:EpochTime": str(int(BEGINNING + _HOUR))}}}
DOCUMENTS = (
    _document("Allow", "sqs:*", "*"),
    _document("Allow", "sqs:SendMessage", "red"),
    _document("Allow", "sqs:Get*", "*"),
    _document("Deny", "sqs:SendMessage", "blue"),
    _document("Deny", "sqs:*", "red"),
    _document("Allow", "sqs:*", "blue", **_FIRST_HOUR),
)


class User:
    """A user as the model knows one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.managed: set[int] = set()
        self.inline: dict[str, str] = {}
        #: keys, and whether they are active
        self.keys: dict[Keys, bool] = {}


class Identities:
    """Users who get and lose policies and keys while they send and look."""

    def __init__(self) -> None:
        self.users = [User(name) for name in USERS]
        self.deleted: list[Keys] = []

    def setup(self, world: World) -> None:
        """Make the queues, the managed policies, and users with a key each."""
        for queue in QUEUES:
            assert world.json("sqs", "AmazonSQS.CreateQueue", {"QueueName": queue}).status == 200
        for number, document in enumerate(DOCUMENTS):
            self.ask(world, "CreatePolicy", PolicyName=f"p{number}", PolicyDocument=document)
        for user in self.users:
            self.ask(world, "CreateUser", UserName=user.name)
            self.new_key(world, user)

    def step(self, world: World) -> None:
        """Change who may do what, or try it."""
        steps = (self.managed, self.inline, self.key, self.act, self.act, self.act, self.act_in_vain)
        world.random.choice(steps)(world)

    def check(self, world: World) -> None:
        """Every key that was deleted is dead; every other does what its user may."""
        for keys in self.deleted:
            assert self.send(world, "red", keys).code in UNKNOWN
        for user in self.users:
            for keys in user.keys:
                for queue in QUEUES:
                    self.try_all(world, user, keys, queue)

    # -- steps -----------------------------------------------------------------------------------------------------

    def managed(self, world: World) -> None:
        """Attach a managed policy, or detach it."""
        user, number = world.random.choice(self.users), world.random.randrange(len(DOCUMENTS))
        action = "DetachUserPolicy" if number in user.managed else "AttachUserPolicy"
        self.ask(world, action, UserName=user.name, PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/p{number}")
        user.managed ^= {number}

    def inline(self, world: World) -> None:
        """Write an inline policy, or delete it."""
        user, name = world.random.choice(self.users), world.random.choice(("one", "two"))
        if name in user.inline:
            self.ask(world, "DeleteUserPolicy", UserName=user.name, PolicyName=name)
            del user.inline[name]
            return
        document = world.random.choice(DOCUMENTS)
        self.ask(world, "PutUserPolicy", UserName=user.name, PolicyName=name, PolicyDocument=document)
        user.inline[name] = document

    def key(self, world: World) -> None:
        """Make a key, put one to sleep or wake it, or delete it."""
        user = world.random.choice(self.users)
        chance = world.random.random()
        if len(user.keys) < 2 and chance < 0.4:
            self.new_key(world, user)
            return
        if not user.keys:
            return
        keys = world.random.choice(list(user.keys))
        if chance < 0.7:
            user.keys[keys] = not user.keys[keys]
            status = "Active" if user.keys[keys] else "Inactive"
            self.ask(world, "UpdateAccessKey", UserName=user.name, AccessKeyId=keys.access_key, Status=status)
        else:
            self.ask(world, "DeleteAccessKey", UserName=user.name, AccessKeyId=keys.access_key)
            del user.keys[keys]
            self.deleted.append(keys)

    def act(self, world: World) -> None:
        """Have a user try something."""
        user = world.random.choice(self.users)
        if user.keys:
            self.try_all(world, user, world.random.choice(list(user.keys)), world.random.choice(QUEUES))

    def act_in_vain(self, world: World) -> None:
        """Try with a key that was deleted."""
        if self.deleted:
            assert self.send(world, "red", world.random.choice(self.deleted)).code in UNKNOWN

    # -- what the model knows --------------------------------------------------------------------------------------

    def new_key(self, world: World, user: User) -> None:
        """Give a user a key."""
        tree = self.ask(world, "CreateAccessKey", UserName=user.name).value
        found = tree.findtext(".//{*}AccessKeyId"), tree.findtext(".//{*}SecretAccessKey")
        user.keys[Keys(*found)] = True

    def try_all(self, world: World, user: User, keys: Keys, queue: str) -> None:
        """Send and look, and hold the answers against the policies that are attached right now."""
        sent = self.send(world, queue, keys)
        url = {"QueueUrl": f"http://sqs/{ACCOUNT}/{queue}", "AttributeNames": ["QueueArn"]}
        seen = world.json("sqs", "AmazonSQS.GetQueueAttributes", url, keys)
        if not user.keys[keys]:
            assert {sent.code, seen.code} <= UNKNOWN
            return
        assert (sent.status == 200) == self.may(world, user, "sqs:SendMessage", queue), sent
        assert (seen.status == 200) == self.may(world, user, "sqs:GetQueueAttributes", queue), seen
        assert {sent.code, seen.code} <= {"", "AccessDeniedException"}

    def may(self, world: World, user: User, action: str, queue: str) -> bool:
        """What the policy engine says about the documents that the model knows to be attached."""
        texts = [*(DOCUMENTS[number] for number in user.managed), *user.inline.values()]
        question = Question(
            principal=Principal(
                kind="user", account=ACCOUNT, arn=f"arn:aws:iam::{ACCOUNT}:user/{user.name}", name=user.name
            ),
            action=action,
            resource=f"arn:aws:sqs:us-east-1:{ACCOUNT}:{queue}",
            grants=Grants(identity=tuple(Source(f"p{number}", text) for number, text in enumerate(texts))),
            now=world.now,
        )  # fmt: skip
        return decide(question).allowed

    def send(self, world: World, queue: str, keys: Keys) -> Answer:
        """Send a message."""
        request = {"QueueUrl": f"http://sqs/{ACCOUNT}/{queue}", "MessageBody": "x"}
        return world.json("sqs", "AmazonSQS.SendMessage", request, keys)

    def ask(self, world: World, action: str, **request: str) -> Answer:
        """Call IAM as root; it must not refuse."""
        answer = world.form("iam", action, VERSION, request)
        assert answer.status == 200, (action, answer.code)
        return answer
