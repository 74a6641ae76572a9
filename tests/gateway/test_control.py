"""The control API: what every endpoint does, and how it refuses."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from haar.cloud import Cloud
from haar.gateway import control
from haar.gateway.control_time import seconds_in
from haar.kit.wait import Wait
from haar.record import RECORDS
from haar.testing.server import Running
from haar.wire.http import HttpRequest
from tests.gateway.asking import code, get, post, send

pytestmark = pytest.mark.ours

DAY = 86_400


# --- the door's frame ----------------------------------------------------------------


def test_an_unknown_path_lists_what_there_is(cloud: Cloud) -> None:
    status, said = get(cloud, "nothing")
    assert (status, said["error"]["code"]) == (404, "NotFound")
    assert "health" in said["error"]["hint"]


def test_another_method_is_told_the_right_one(cloud: Cloud) -> None:
    status, said = get(cloud, "reset")
    assert (status, said["error"]["code"], said["error"]["hint"]) == (405, "MethodNotAllowed", "It answers to POST.")


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff"])
def test_a_body_that_is_no_object_is_refused(cloud: Cloud, body: bytes) -> None:
    assert code(post(cloud, "clock", body)) == (400, "NotJson")


def test_a_member_that_an_endpoint_does_not_know_is_refused(cloud: Cloud) -> None:
    assert code(post(cloud, "reset", {"acount": "111122223333"})) == (400, "UnknownMember")


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "HEAD"]),
    path=st.sampled_from([e.path for e in control.ENDPOINTS if e.path != "shutdown"]) | st.text(max_size=20),
    query=st.text(max_size=30),
    body=st.binary(max_size=30)
    | st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=8)).map(
        lambda found: json.dumps(found).encode()
    ),
)
def test_garbage_gets_a_refusal_and_never_a_failure(method: str, path: str, query: str, body: bytes) -> None:
    headers = {"host": "localhost", "content-type": "application/json"}
    with Cloud() as cloud:
        assert send(cloud, method, path, query, body, headers)[0] < 500


def test_every_endpoint_says_what_it_is_for() -> None:
    assert [e.path for e in control.ENDPOINTS if not (e.function.__doc__ or "").strip()] == []


# --- health ----------------------------------------------------------------------------


def test_health_says_what_the_cloud_is(cloud: Cloud) -> None:
    said = get(cloud, "health")[1]
    assert (said["status"], said["store"]["kind"], said["iam"], said["loopback"]) == ("ok", "memory", "enforce", True)


def test_a_service_is_loaded_at_its_first_call(cloud: Cloud) -> None:
    before = get(cloud, "health")[1]["services"]["sqs"]
    cloud.client("sqs").list_queues()
    assert (before, get(cloud, "health")[1]["services"]["sqs"]) == ("ready", "loaded")


def test_health_does_not_show_the_stores_password() -> None:
    from haar.gateway.control_state import store_of

    shown = store_of("postgresql://ann:secret@db.example:5432/haar?password=secret")
    assert shown == {"kind": "postgresql", "place": "db.example:5432/haar"}


# --- the clock -------------------------------------------------------------------------


def test_the_clock_advances_by_a_span(cloud: Cloud) -> None:
    before = cloud.clock.now()
    said = post(cloud, "clock", {"advance": "+40d"})[1]
    assert 40 * DAY <= said["now_epoch"] - before < 40 * DAY + 60


def test_the_clock_advances_by_seconds(cloud: Cloud) -> None:
    before = cloud.clock.now()
    assert 90 <= post(cloud, "clock", {"advance": 90})[1]["now_epoch"] - before < 150


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("+40d", 40 * DAY), ("90m", 5400), ("+1h30m", 5400), ("2w", 14 * DAY), ("1500ms", 1.5), ("1.5h", 5400), ("7", 7)],
)
def test_a_span_is_made_of_units(text: str, seconds: float) -> None:
    assert seconds_in(text) == seconds


@pytest.mark.parametrize(
    "body",
    [
        {"advance": "soon"}, {"advance": -1}, {"advance": True}, {"advance": None}, {"advance": "-4d"},
        {"advance": "inf"}, {"advance": 1e300}, {"set": "yesterday"}, {"set": 0}, {"set": "1999-01-01"}, {"rate": -1},
        {"rate": "fast"}, {"freeze": False}, {"freeze": "yes"}, {}, {"freeze": True, "resume": True},
    ],
)  # fmt: skip
def test_what_the_clock_cannot_do_is_refused(cloud: Cloud, body: dict[str, object]) -> None:
    assert post(cloud, "clock", body)[0] == 400


def test_the_clock_can_be_set_to_an_instant(cloud: Cloud) -> None:
    year = datetime.now(UTC).year + 1
    said = post(cloud, "clock", {"set": f"{year}-01-01T00:00:00Z"})[1]
    assert said["now"].startswith(f"{year}-01-01T00:0")


def test_a_frozen_clock_stands_still(cloud: Cloud) -> None:
    said = post(cloud, "clock", {"freeze": True})[1]
    assert (said["frozen"], get(cloud, "clock")[1]["now_epoch"]) == (True, said["now_epoch"])


def test_a_resumed_clock_runs_as_before(cloud: Cloud) -> None:
    post(cloud, "clock", {"freeze": True})
    assert post(cloud, "clock", {"resume": True})[1]["rate"] == 1


def test_the_clock_can_hurry(cloud: Cloud) -> None:
    assert post(cloud, "clock", {"rate": 60})[1]["rate"] == 60


def test_what_falls_due_on_the_way_is_done(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="m")
    post(cloud, "clock", {"advance": "+5d"})
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_a_long_poll_over_http_ends_when_the_clock_is_moved(haar_server: Running) -> None:
    from concurrent.futures import ThreadPoolExecutor

    sqs = haar_server.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    haar_server.call(lambda: post(haar_server.cloud, "clock", {"freeze": True}))
    with ThreadPoolExecutor(1) as pool:
        polled = pool.submit(sqs.receive_message, QueueUrl=url, WaitTimeSeconds=20)
        while not haar_server.call(lambda: len(haar_server.cloud.hub)):
            pass
        haar_server.call(lambda: post(haar_server.cloud, "clock", {"advance": 21}))
        assert "Messages" not in polled.result(30)


def table_names(cloud: Cloud, *rooms: str) -> set[str]:
    """The tables of some rooms that have rows."""
    with cloud.store.transaction(write=False) as tx:
        kinds = [kind for table, kind in RECORDS.items() if table.startswith(rooms)]
        return {kind.__table__ for kind in kinds if tx.any(kind)}


# --- forgetting, keeping, loading --------------------------------------------------------


def test_a_reset_forgets_everything(cloud: Cloud) -> None:
    cloud.client("sqs").create_queue(QueueName="q")
    post(cloud, "reset")
    assert "QueueUrls" not in cloud.client("sqs").list_queues()


def test_a_reset_sets_the_clock_back(cloud: Cloud) -> None:
    post(cloud, "clock", {"advance": "+40d"})
    post(cloud, "reset")
    assert abs(get(cloud, "clock")[1]["offset_seconds"]) < 1


def test_a_reset_of_one_account_leaves_the_others(cloud: Cloud) -> None:
    cloud.client("sqs", access_key="111122223333").create_queue(QueueName="gone")
    cloud.client("sqs").create_queue(QueueName="kept")
    post(cloud, "reset", {"account": "111122223333"})
    assert "QueueUrls" not in cloud.client("sqs", access_key="111122223333").list_queues()
    assert len(cloud.client("sqs").list_queues()["QueueUrls"]) == 1


def test_a_reset_of_one_account_takes_its_buckets_and_vaults_along(cloud: Cloud) -> None:
    s3 = cloud.client("s3", access_key="111122223333")
    glacier = cloud.client("glacier", access_key="111122223333")
    s3.create_bucket(Bucket="gone")
    s3.put_object(Bucket="gone", Key="k", Body=b"x")
    glacier.create_vault(vaultName="v")
    glacier.upload_archive(vaultName="v", body=b"x")
    cloud.client("s3").create_bucket(Bucket="kept")
    post(cloud, "reset", {"account": "111122223333"})
    cloud.client("s3").create_bucket(Bucket="gone")  # its name is anybody's again
    glacier.create_vault(vaultName="v")
    assert [bucket["Name"] for bucket in cloud.client("s3").list_buckets()["Buckets"]] == ["gone", "kept"]
    assert cloud.client("s3").list_objects_v2(Bucket="gone")["KeyCount"] == 0
    assert table_names(cloud, "s3.", "glacier.") == {"s3.Bucket", "glacier.Vault"}


@pytest.mark.parametrize("account", ["", "1", "all", 111122223333, None])
def test_a_reset_of_what_is_no_account_is_refused(cloud: Cloud, account: object) -> None:
    cloud.client("sqs").create_queue(QueueName="kept")
    assert post(cloud, "reset", {"account": account})[0] == 400
    assert cloud.client("sqs").list_queues()["QueueUrls"]


def test_an_access_key_from_before_a_reset_is_unknown(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    ann = cloud.client("sts", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    ann.get_caller_identity()
    post(cloud, "reset")
    iam.create_user(UserName="bob")
    iam.create_access_key(UserName="bob")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        ann.get_caller_identity()


def test_a_saved_cloud_comes_back(cloud: Cloud, tmp_path: Path) -> None:
    cloud.client("sqs").create_queue(QueueName="q")
    said = post(cloud, "save", {"path": f"{tmp_path}/a.haar"})[1]
    post(cloud, "reset")
    assert post(cloud, "load", {"path": f"{tmp_path}/a.haar"})[1]["rows"] == said["rows"]
    assert len(cloud.client("sqs").list_queues()["QueueUrls"]) == 1


def test_a_loaded_cloud_brings_its_time(cloud: Cloud, tmp_path: Path) -> None:
    post(cloud, "save", {"path": f"{tmp_path}/a.haar"})
    post(cloud, "clock", {"advance": "+40d"})
    post(cloud, "load", {"path": f"{tmp_path}/a.haar"})
    assert abs(get(cloud, "clock")[1]["offset_seconds"]) < 1


def test_a_file_that_exists_is_not_replaced(cloud: Cloud, tmp_path: Path) -> None:
    post(cloud, "save", {"path": f"{tmp_path}/a.haar"})
    assert code(post(cloud, "save", {"path": f"{tmp_path}/a.haar"})) == (409, "FileExists")


def test_a_saved_cloud_is_replaced_by_force(cloud: Cloud, tmp_path: Path) -> None:
    post(cloud, "save", {"path": f"{tmp_path}/a.haar"})
    assert post(cloud, "save", {"path": f"{tmp_path}/a.haar", "force": True})[0] == 200


def test_a_file_that_is_no_saved_cloud_is_never_replaced(cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "a.haar").write_text("a diary")
    answer = post(cloud, "save", {"path": f"{tmp_path}/a.haar", "force": True})
    assert (code(answer), (tmp_path / "a.haar").read_text()) == ((409, "FileExists"), "a diary")


@pytest.mark.parametrize("path", ["a.haar", "/tmp/.bashrc", "", "/nowhere/at/all/a.haar", "/tmp/\0.haar", 1])
def test_a_place_that_is_not_for_saved_clouds_is_refused(cloud: Cloud, path: object) -> None:
    assert post(cloud, "save", {"path": path})[0] == 400


def test_a_file_that_is_not_there_cannot_be_loaded(cloud: Cloud, tmp_path: Path) -> None:
    assert code(post(cloud, "load", {"path": f"{tmp_path}/a.haar"})) == (404, "NoSuchFile")


def test_a_damaged_file_changes_nothing(cloud: Cloud, tmp_path: Path) -> None:
    cloud.client("sqs").create_queue(QueueName="q")
    post(cloud, "save", {"path": f"{tmp_path}/a.haar"})
    raw = (tmp_path / "a.haar").read_bytes()
    (tmp_path / "a.haar").write_bytes(raw[:-9])
    assert code(post(cloud, "load", {"path": f"{tmp_path}/a.haar"})) == (400, "StoreUnreadable")
    assert len(cloud.client("sqs").list_queues()["QueueUrls"]) == 1


def test_a_cloud_inside_a_program_is_not_shut_down(cloud: Cloud) -> None:
    assert code(post(cloud, "shutdown")) == (409, "NotMine")


# --- what happened ---------------------------------------------------------------------


def denied(cloud: Cloud) -> str:
    """Have a user without policies refused; the request id."""
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    ann = cloud.client("sqs", access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    with pytest.raises(ClientError) as refusal:
        ann.create_queue(QueueName="q")
    return str(refusal.value.response["ResponseMetadata"]["RequestId"])


def test_a_denial_is_explained(cloud: Cloud) -> None:
    said = get(cloud, f"explain/{denied(cloud)}")[1]
    assert (said["denied"], said["call"]["operation"]) == (True, "CreateQueue")
    assert "user/ann asked for sqs:CreateQueue" in said["text"]
    assert said["decision"]["context"]["action"] == "sqs:CreateQueue"


def test_a_call_that_was_allowed_is_explained_as_such(cloud: Cloud) -> None:
    request_id = cloud.client("sqs").list_queues()["ResponseMetadata"]["RequestId"]
    said = get(cloud, f"explain/{request_id}")[1]
    assert (said["denied"], said["decision"]) == (False, None)
    assert "It was allowed" in said["text"]


def test_a_call_that_failed_otherwise_is_not_called_a_denial(cloud: Cloud) -> None:
    with pytest.raises(ClientError) as refusal:
        cloud.client("sqs").get_queue_url(QueueName="nowhere")
    said = get(cloud, f"explain/{refusal.value.response['ResponseMetadata']['RequestId']}")[1]
    assert (said["denied"], "No policy denied it" in said["text"]) == (False, True)


@pytest.mark.parametrize("request_id", ["x", "00000000-0000-7000-8000-000000000000", "../health", "%2e%2e"])
def test_an_unknown_request_id_is_not_found(cloud: Cloud, request_id: str) -> None:
    assert code(get(cloud, f"explain/{request_id}")) == (404, "NoSuchRequest")


def test_an_unknown_request_id_is_repeated_as_it_was_given(cloud: Cloud) -> None:
    error = get(cloud, "explain/who%20knows%3F")[1]["error"]
    assert error["message"] == "No call is on record under the request id who knows?."


def test_the_logs_tell_calls_in_their_order(cloud: Cloud) -> None:
    cloud.client("sqs").create_queue(QueueName="q")
    cloud.client("sts", access_key="111122223333").get_caller_identity()
    cloud.client("sqs").list_queues()
    calls = get(cloud, "logs")[1]["calls"]
    assert [call["operation"] for call in calls] == ["CreateQueue", "GetCallerIdentity", "ListQueues"]


def test_the_logs_can_be_narrowed(cloud: Cloud) -> None:
    denied(cloud)
    told = [
        get(cloud, f"logs?{query}")[1]["calls"]
        for query in ("service=sqs", "errors=1", "account=111122223333", "limit=1")
    ]
    assert [[call["operation"] for call in calls] for calls in told] == [["CreateQueue"]] * 2 + [[]] + [["CreateQueue"]]


def test_a_call_in_the_logs_says_when_and_by_whom(cloud: Cloud) -> None:
    cloud.client("sqs").list_queues()
    call = get(cloud, "logs")[1]["calls"][0]
    assert datetime.fromisoformat(call["at"]).timestamp() == pytest.approx(cloud.clock.now(), abs=60)
    assert call["principal"] == "arn:aws:iam::000000000000:root"


def test_logs_wait_for_the_next_call(cloud: Cloud) -> None:
    cloud.client("sqs").list_queues()
    after = get(cloud, "logs")[1]["next"]
    exchange = control.Exchange(
        cloud, HttpRequest("GET", "/_haar/logs", f"after={after}&wait=20", {"host": "localhost"})
    )
    with pytest.raises(Wait):
        exchange.run()
    cloud.client("sqs").create_queue(QueueName="q")
    calls = json.loads(exchange.run().body)["calls"]
    assert "CreateQueue" in [call["operation"] for call in calls]


def test_logs_stop_waiting_when_the_time_is_over(cloud: Cloud) -> None:
    cloud.client("sqs").list_queues()
    after = get(cloud, "logs")[1]["next"]
    exchange = control.Exchange(
        cloud, HttpRequest("GET", "/_haar/logs", f"after={after}&wait=20", {"host": "localhost"})
    )
    cloud.advance(21)
    assert json.loads(exchange.run().body)["next"] == after


def test_coverage_counts_every_operation_of_a_service(cloud: Cloud) -> None:
    rows = {row["service"]: row for row in get(cloud, "coverage")[1]["services"]}
    sqs = rows["sqs"]
    assert (
        sqs["operations"] == sqs["works"] + sqs["partial"] + sqs["refused"] == len(cloud.room("sqs").model.operations)
    )


def test_coverage_lists_the_operations_of_a_service(cloud: Cloud) -> None:
    rows = {row["operation"]: row["verdict"] for row in get(cloud, "coverage/sqs")[1]["operations"]}
    assert rows["SendMessage"] == "works"


def test_coverage_says_why_an_operation_is_refused(cloud: Cloud) -> None:
    rows = {row["operation"]: row for row in get(cloud, "coverage/organizations")[1]["operations"]}
    assert (rows["CreateGovCloudAccount"]["verdict"], rows["CreateGovCloudAccount"]["note"]) == (
        "refused", "A cloud is one partition; accounts in AWS GovCloud (US) would be in another.",
    )  # fmt: skip


def test_a_service_that_is_not_built_is_said_to_be_refused(cloud: Cloud) -> None:
    status, said = get(cloud, "coverage/braket")
    assert (status, said["error"]["code"]) == (404, "NotBuilt")
    assert "sqs" in said["error"]["hint"]
