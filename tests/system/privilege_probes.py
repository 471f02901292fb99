"""AWS calls that show whether an action is allowed, and that have no effect if it is.

A call that passes authorization succeeds, or fails because its request is invalid or names something that does not
exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from local.settings import REGION
from tests.privileges import FUNCTIONS, Permission, log_group_id
from tests.template import function_id

if TYPE_CHECKING:
    from tests.system.client import Api

Probe = Callable[[], Any]
Probes = dict[Permission, Probe]
Group = Iterator[tuple[str, str, Probe]]
Clients = Callable[[str], Any]

DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException"})
KEYS: Final = {"PackagesTable": ("packageId",), "RequestsTable": ("requestId",), "PlansTable": ("customer",)}
KEYS_WITHOUT_STREAM: Final = {"SigningKeysTable": ("keyArn",)}
INDEXES: Final = {"ArtifactsTable": ("by-artifact-id", "id"), "PackagesTable": ("by-lease", "leaseKind")}
PROTECTED: Final = ("ArtifactsTable", "PackagesTable", "PackageIndexTable", "SigningKeysTable")
PREFIXES: Final = {
    "BundleBucket": ("bundles/probe", "other/probe"),
    "DefinitionBucket": ("definitions/probe", "downloads/probe", "other/probe"),
    "InboxBucket": (
        *("requests/probe.json", "requests/probe.json.result"),
        *("artifacts/probe.ndjson", "artifacts/probe.ndjson.result"),
        "other/probe",
    ),
}
QUEUES: Final = (
    *("ExportQueue", "ExportDeadLetterQueue", "DropQueue", "DropDeadLetterQueue", "UnannouncedQueue"),
    "UnindexedQueue",
)
IMPOSSIBLE: Final = {"ConditionExpression": "attribute_exists(nothing)"}
UNRELATED: Final = "not-of-this-stack"
"""Name of a table, a queue and a usage plan that do not exist, and of the bucket of `unrelated_bucket`."""


class Caller:
    """Clients of the emulated services with the credentials of a function's role or of the account's root user."""

    def __init__(self, api: Api) -> None:
        self._api = api
        session = botocore.session.Session()
        session.set_credentials("test", "test")  # the root user's
        self._credentials: Any = session.get_credentials()
        self._session = boto3.Session(botocore_session=session, region_name=REGION)
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:  # noqa: ANN401  # a client of any service
        """Return a client without parameter validation, shared by all identities because creating one is slow."""
        if service not in self._clients:
            config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
            options: Any = {"endpoint_url": self._api.stack.endpoint, "config": config}
            self._clients[service] = self._session.client(service, **options)  # type: ignore[call-overload]
        return self._clients[service]

    def act_as_root(self) -> str:
        """Use the root user's credentials, and return the ARN."""
        return self._act_as("test", "test", None)

    def act_as(self, function: str) -> str:
        """Assume the role of the deployed function, and return the ARN."""
        self.act_as_root()  # which the emulator allows to assume any role
        role = configuration_of(self._api, function)["Role"]
        credentials = self.client("sts").assume_role(RoleArn=role, RoleSessionName="probe")["Credentials"]
        return self._act_as(credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])

    def _act_as(self, access_key: str, secret_key: str, token: str | None) -> str:
        self._credentials.access_key = access_key
        self._credentials.secret_key = secret_key
        self._credentials.token = token
        return str(self.client("sts").get_caller_identity()["Arn"])


def configuration_of(api: Api, function: str) -> Any:  # noqa: ANN401  # boto3's response
    """Return the deployed function's configuration."""
    return api.aws.lambda_.get_function_configuration(FunctionName=name_of(api, function))


def name_of(api: Api, function: str) -> str:
    """Return the deployed function's name."""
    return api.stack.outputs[function_id(function)]


@contextmanager
def unrelated_bucket(api: Api) -> Iterator[None]:
    """Create a bucket that does not belong to the stack; the emulator reports a missing bucket before it authorizes."""
    api.aws.s3.create_bucket(Bucket=UNRELATED)
    yield
    api.aws.s3.delete_bucket(Bucket=UNRELATED)


def is_denied(probe: Probe) -> bool:
    """Return whether the call is denied because a permission is missing."""
    try:
        probe()
    except ClientError as error:
        return error.response["Error"]["Code"] in DENIED
    return False


def probes(caller: Caller, api: Api) -> Probes:
    """Return a probe for every permission that is tested."""
    all_probes: Probes = {}
    for group in (
        _tables,
        _indexes,
        _objects,
        _buckets,
        _queues,
        _streams,
        _key,
        _logs,
        _functions,
        _gateway,
        _account,
    ):
        for action, resource, probe in group(caller.client, api):
            permission = Permission(action, resource)
            if permission in all_probes:
                raise ValueError(permission)
            all_probes[permission] = probe
    return all_probes


def _tables(clients: Clients, api: Api) -> Group:
    db = clients("dynamodb")
    keys = {**KEYS, **KEYS_WITHOUT_STREAM}
    for table in ("ArtifactsTable", "PackageIndexTable", *keys, UNRELATED):
        name = {"TableName": api.stack.outputs.get(table, table)}
        key = {attribute: {"S": "probe"} for attribute in keys.get(table, ("pk", "sk"))}
        equals = {
            "KeyConditionExpression": "#key = :key",
            "ExpressionAttributeNames": {"#key": next(iter(key))},
            "ExpressionAttributeValues": {":key": {"S": "probe"}},
        }
        update = {"UpdateExpression": "REMOVE nothing", **IMPOSSIBLE}
        deletion = [{"DeleteRequest": {"Key": key}}]
        check = [{"ConditionCheck": {**name, "Key": key, **IMPOSSIBLE}}]
        for action, call, request in (
            ("GetItem", db.get_item, {**name, "Key": key}),
            ("PutItem", db.put_item, {**name, "Item": key, **IMPOSSIBLE}),
            ("UpdateItem", db.update_item, {**name, "Key": key, **update}),
            ("DeleteItem", db.delete_item, {**name, "Key": key, **IMPOSSIBLE}),
            ("BatchGetItem", db.batch_get_item, {"RequestItems": {name["TableName"]: {"Keys": [key]}}}),
            ("BatchWriteItem", db.batch_write_item, {"RequestItems": {name["TableName"]: deletion}}),
            ("ConditionCheckItem", db.transact_write_items, {"TransactItems": check}),
            ("Query", db.query, {**name, **equals}),
            ("Scan", db.scan, {**name, "Limit": 1}),
            ("DescribeTable", db.describe_table, name),
            ("UpdateTable", db.update_table, name),
        ):
            yield f"dynamodb:{action}", table, _call(call, request)
        if table in PROTECTED:
            yield "dynamodb:DeleteTable", table, _call(db.delete_table, name)
    yield "dynamodb:ListTables", "*", db.list_tables


def _indexes(clients: Clients, api: Api) -> Group:
    db = clients("dynamodb")
    for table, (index, attribute) in INDEXES.items():
        name = {"TableName": api.stack.outputs[table], "IndexName": index}
        query = {
            "KeyConditionExpression": f"{attribute} = :key",
            "ExpressionAttributeValues": {":key": {"S": "probe"}},
        }
        yield "dynamodb:Query", f"{table}/index/{index}", _call(db.query, {**name, **query})
        yield "dynamodb:Scan", f"{table}/index/{index}", _call(db.scan, {**name, "Limit": 1})


def _objects(clients: Clients, api: Api) -> Group:
    s3 = clients("s3")
    for bucket, keys in {**PREFIXES, UNRELATED: ("bundles/probe",)}.items():
        for key in keys:
            place = {"Bucket": api.stack.outputs.get(bucket, bucket), "Key": key}
            part = {"UploadId": "none", "PartNumber": 1, "Body": b""}
            for action, call, request in (
                ("GetObject", s3.get_object, {}),
                ("GetObjectVersion", s3.get_object, {"VersionId": "none"}),
                ("PutObject", s3.upload_part, part),
                ("AbortMultipartUpload", s3.abort_multipart_upload, {"UploadId": "none"}),
                ("DeleteObject", s3.delete_object, {}),
                ("DeleteObjectVersion", s3.delete_object, {"VersionId": "none"}),
                ("PutObjectTagging", s3.put_object_tagging, {"Tagging": {"TagSet": []}}),
            ):
                yield f"s3:{action}", f"{bucket}/{key}", _call(call, {**place, **request})


def _buckets(clients: Clients, api: Api) -> Group:
    s3 = clients("s3")
    closed = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    for bucket in PREFIXES:
        name = {"Bucket": api.stack.outputs[bucket]}
        access = {**name, "PublicAccessBlockConfiguration": closed}
        versions = {**name, "VersioningConfiguration": {"Status": "Enabled"}}
        yield "s3:ListBucket", bucket, _call(s3.list_objects_v2, {**name, "MaxKeys": 1})
        yield "s3:ListBucketVersions", bucket, _call(s3.list_object_versions, {**name, "MaxKeys": 1})
        yield "s3:GetBucketPolicy", bucket, _call(s3.get_bucket_policy, name)
        yield "s3:PutBucketPublicAccessBlock", bucket, _call(s3.put_public_access_block, access)
        yield "s3:PutBucketVersioning", bucket, _call(s3.put_bucket_versioning, versions)
    yield "s3:ListAllMyBuckets", "*", s3.list_buckets


def _queues(clients: Clients, api: Api) -> Group:
    sqs = clients("sqs")
    for queue in (*QUEUES, UNRELATED):
        known = api.stack.outputs[f"{QUEUES[0]}Url"]
        url = {"QueueUrl": api.stack.outputs.get(f"{queue}Url", f"{known.rpartition('/')[0]}/{queue}")}
        for action, call, request in (
            ("SendMessage", sqs.send_message, {"MessageBody": ""}),
            ("ReceiveMessage", sqs.receive_message, {"MaxNumberOfMessages": 11}),
            ("DeleteMessage", sqs.delete_message, {"ReceiptHandle": "none"}),
            ("ChangeMessageVisibility", sqs.change_message_visibility, {"ReceiptHandle": "none"}),
            ("GetQueueAttributes", sqs.get_queue_attributes, {"AttributeNames": ["QueueArn"]}),
            ("SetQueueAttributes", sqs.set_queue_attributes, {"Attributes": {}}),
        ):
            yield f"sqs:{action}", queue, _call(call, {**url, **request})
    yield "sqs:ListQueues", "*", sqs.list_queues


def _streams(clients: Clients, api: Api) -> Group:
    streams = clients("dynamodbstreams")
    for table in KEYS:
        described = api.aws.dynamodb.describe_table(TableName=api.stack.outputs[table])["Table"]
        arn = {"StreamArn": described["LatestStreamArn"]}
        shard = {**arn, "ShardId": "none", "ShardIteratorType": "LATEST"}
        yield "dynamodb:DescribeStream", f"{table}/stream", _call(streams.describe_stream, arn)
        yield "dynamodb:GetShardIterator", f"{table}/stream", _call(streams.get_shard_iterator, shard)
    yield "dynamodb:ListStreams", "*", streams.list_streams


def _key(clients: Clients, api: Api) -> Group:
    kms, key = clients("kms"), {"KeyId": api.stack.outputs["SigningKey"]}
    digest = {"Message": b"too short", "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"}
    yield "kms:Sign", "SigningKey", _call(kms.sign, {**key, **digest})
    yield "kms:GetPublicKey", "SigningKey", _call(kms.get_public_key, key)
    yield "kms:DescribeKey", "SigningKey", _call(kms.describe_key, key)
    yield "kms:GetKeyPolicy", "SigningKey", _call(kms.get_key_policy, {**key, "PolicyName": "default"})
    yield "kms:EnableKey", "SigningKey", _call(kms.enable_key, key)
    yield "kms:ScheduleKeyDeletion", "SigningKey", _call(kms.schedule_key_deletion, {**key, "PendingWindowInDays": 1})
    policy = {"Policy": api.aws.kms.get_key_policy(**key)["Policy"]}
    yield "kms:PutKeyPolicy", "SigningKey", _call(kms.put_key_policy, {**key, **policy})
    yield "kms:CreateKey", "*", _call(kms.create_key, {"KeySpec": "none"})


def _logs(clients: Clients, api: Api) -> Group:
    logs = clients("logs")
    for function in FUNCTIONS:
        configured = configuration_of(api, function)
        group = {"logGroupName": configured["LoggingConfig"]["LogGroup"]}
        stream = {**group, "logStreamName": "none", "logEvents": []}
        name = log_group_id(function)
        yield "logs:CreateLogStream", name, _call(logs.create_log_stream, {**group, "logStreamName": ""})
        yield "logs:PutLogEvents", name, _call(logs.put_log_events, stream)
        yield "logs:FilterLogEvents", name, _call(logs.filter_log_events, {**group, "limit": 1})
        yield "logs:CreateLogGroup", name, _call(logs.create_log_group, group)


def _functions(clients: Clients, api: Api) -> Group:
    functions = clients("lambda")
    for function in FUNCTIONS:
        name = {"FunctionName": name_of(api, function)}
        code = {**name, "DryRun": True, "ZipFile": b""}
        yield "lambda:InvokeFunction", function, _call(functions.invoke, {**name, "InvocationType": "DryRun"})
        yield "lambda:UpdateFunctionCode", function, _call(functions.update_function_code, code)
        yield "lambda:GetFunctionConfiguration", function, _call(functions.get_function_configuration, name)


def _gateway(clients: Clients, api: Api) -> Group:
    gateway = clients("apigateway")
    plan = {"usagePlanId": api.stack.outputs["UsagePlan"]}
    key = {"keyId": "none", "keyType": "API_KEY"}
    yield "apigateway:GET", "/apikeys", _call(gateway.get_api_keys, {"limit": 1})
    yield "apigateway:POST", "/apikeys", _call(gateway.create_api_key, {"name": "probe", "value": "too short"})
    yield "apigateway:DELETE", "/apikeys/none", _call(gateway.delete_api_key, {"apiKey": "none"})
    yield "apigateway:POST", "/usageplans/UsagePlan/keys", _call(gateway.create_usage_plan_key, {**plan, **key})
    yield "apigateway:GET", "/usageplans/UsagePlan", _call(gateway.get_usage_plan, plan)
    yield "apigateway:PATCH", "/usageplans/UsagePlan", _call(gateway.update_usage_plan, {**plan, "patchOperations": []})
    other = {"usagePlanId": UNRELATED, **key}
    yield "apigateway:POST", f"/usageplans/{UNRELATED}/keys", _call(gateway.create_usage_plan_key, other)
    rest_api = {"restApiId": api.stack.outputs["ApiId"]}
    yield "apigateway:GET", "/restapis/PackagesApi/authorizers", _call(gateway.get_authorizers, rest_api)


def _account(clients: Clients, api: Api) -> Group:
    events, iam = clients("events"), clients("iam")
    event = {"Source": "installhub", "DetailType": "Probe", "Detail": "{}"}
    bus = api.stack.outputs["EventBus"]
    yield "events:PutEvents", "EventBus", _call(events.put_events, {"Entries": [{**event, "EventBusName": bus}]})
    yield "events:PutEvents", "default", _call(events.put_events, {"Entries": [event]})
    rule = {"Name": "probe", "EventBusName": bus, "EventPattern": "no JSON"}
    yield "events:PutRule", "EventBus", _call(events.put_rule, rule)
    for function in FUNCTIONS:
        configured = configuration_of(api, function)
        role = {"RoleName": configured["Role"].rpartition("/")[2], "PolicyName": "probe", "PolicyDocument": "no JSON"}
        assumed = {"RoleArn": configured["Role"], "RoleSessionName": "probe"}
        yield "iam:PutRolePolicy", function, _call(iam.put_role_policy, role)
        yield "sts:AssumeRole", function, _call(clients("sts").assume_role, assumed)
    yield "secretsmanager:GetSecretValue", "any", _call(clients("secretsmanager").get_secret_value, {"SecretId": "any"})
    yield "ssm:GetParameter", "any", _call(clients("ssm").get_parameter, {"Name": "any"})
    yield "cloudformation:DescribeStacks", "*", clients("cloudformation").describe_stacks


def _call(operation: Callable[..., Any], request: dict[str, Any]) -> Probe:
    return lambda: operation(**request)
