"""The roles of the functions allow exactly the operations that the code calls."""

from __future__ import annotations

import ast
import re
import runpy
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from tests.privileges import (
    FUNCTIONS,
    LAMBDA,
    Permission,
    needs_of,
    permissions_of,
    role_id,
    statements_of,
)
from tests.template import TEMPLATE_PATH, function_id, resources_of

PROJECT: Final = TEMPLATE_PATH.parent
PACKAGE: Final = PROJECT / "layers" / "installhub" / "src" / "installhub"

# Used by the platform with its own role to publish artifacts, not by a function.
PUBLISHER: Final = "artifacts/publisher.py"

# Makes calls for the stores; the permission is attributed to the store.
TABLE: Final = "runtime/dynamodb.py"

# These actions do not support resource-level permissions.
WITHOUT_RESOURCE: Final = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "dynamodb:ListStreams",
}

# Most actions have the name of their operation. S3 authorizes all operations of a multipart upload by one action, and
# API Gateway authorizes operations by HTTP method.
OPERATIONS: Final = {
    "dynamodb:ConditionCheckItem": {"TransactWriteItems"},
    "s3:PutObject": {"PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"},
    "s3:GetObject": {"GetObject", "HeadObject"},
    "s3:GetObjectVersion": {"GetObject"},
    "apigateway:POST": {"CreateApiKey", "CreateUsagePlanKey"},
    "apigateway:GET": {"GetApiKeys"},
    "apigateway:DELETE": {"DeleteApiKey"},
}

every_function = pytest.mark.parametrize("function", FUNCTIONS)


def operations_of(action: str) -> set[str]:
    """Return the operations that an action permits."""
    return OPERATIONS.get(action, {action.partition(":")[2]})


@cache
def known_operations() -> dict[str, set[str]]:
    """Return the operations that remain in the layer's botocore, by service."""
    program = PROJECT / "layers" / "installhub" / "prune_botocore.py"
    listed: dict[str, set[str]] = runpy.run_path(str(program))["OPERATIONS"]
    return listed


@cache
def calls_in(module: Path) -> frozenset[str]:
    """Return the AWS operations that a module calls, by client method, paginator name or presigned URL."""
    methods = {
        re.sub("([a-z0-9])([A-Z])", r"\1_\2", name).lower(): name
        for names in known_operations().values()
        for name in names
    }
    nodes = list(ast.walk(ast.parse(module.read_text())))
    called = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    paginated = {
        argument.value
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get_paginator"
        for argument in node.args
        if isinstance(argument, ast.Constant)
    }
    presigned = {
        constant.value
        for node in nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "generate_presigned_url"
        for constant in ast.walk(node.args[0])
        if isinstance(constant, ast.Constant)
    }
    return frozenset(name for method, name in methods.items() if method in called | paginated | presigned)


@cache
def imports_of(module: Path) -> frozenset[Path]:
    """Return the modules of the package that a module imports, at its top or in functions."""
    found: set[Path] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("installhub"):
            continue
        origin = PACKAGE.joinpath(*(node.module or "").split(".")[1:])
        named = [origin, *(origin / alias.name for alias in node.names)]
        candidates = [path for name in named for path in (name.with_suffix(".py"), name / "__init__.py")]
        found |= {path for path in candidates if path.is_file()}
    return frozenset(found)


def reached_from(function: str) -> set[Path]:
    """Return the modules of the package that a function imports, directly or indirectly."""
    reached: set[Path] = set()
    queue = [PROJECT / "functions" / function / "app.py"]
    while queue:
        new = imports_of(queue.pop()) - reached
        reached |= new
        queue += new
    return reached


def test_every_function_and_role_is_in_the_table_of_permissions() -> None:
    assert {function_id(name) for name in FUNCTIONS} == resources_of("AWS::Serverless::Function").keys()
    assert {role_id(name) for name in FUNCTIONS} == resources_of("AWS::IAM::Role").keys()
    assert {folder.parent.name for folder in PROJECT.glob("functions/*/app.py")} == set(FUNCTIONS)


@every_function
def test_a_role_allows_what_its_function_needs_and_nothing_else(function: str) -> None:
    allowed = [permission for statement in statements_of(function) for permission in permissions_of(statement)]
    assert set(allowed) == needs_of(function).keys()
    assert len(allowed) == len(set(allowed)), "duplicate permission"


@every_function
def test_a_role_belongs_to_one_function_and_only_lambda_assumes_it(function: str) -> None:
    role = resources_of("AWS::IAM::Role")[role_id(function)]
    assert role.keys() == {"AssumeRolePolicyDocument", "Policies"}  # no managed policies or path
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    properties = resources_of("AWS::Serverless::Function")[function_id(function)]
    assert properties["Role"] == {"Fn::GetAtt": [role_id(function), "Arn"]}
    assert "Policies" not in properties


@every_function
def test_no_action_has_wildcards_and_no_resource_is_a_wildcard(function: str) -> None:
    for statement in statements_of(function):
        assert statement["Effect"] == "Allow"
        assert not {"NotAction", "NotResource"} & statement.keys()
        for permission in permissions_of(statement):
            assert not set("*?") & set(permission.action)
            assert (permission.resource == "*") == (permission.action in WITHOUT_RESOURCE)


@every_function
def test_wildcards_in_resources_follow_a_prefix(function: str) -> None:
    for permission in needs_of(function).keys() - {Permission(action, "*") for action in WITHOUT_RESOURCE}:
        if "*" in permission.resource:
            assert re.fullmatch(r"\w+Bucket/\w+/\*(\.result)?|/apikeys/\*", permission.resource)


def test_events_are_put_on_one_bus_with_the_products_source() -> None:
    (statement,) = [item for item in statements_of("announce") if item["Action"] == "events:PutEvents"]
    _, own, given = statement["Resource"]["Fn::If"]
    assert own == {"Fn::GetAtt": ["EventBus", "Arn"]}
    assert given["Fn::Sub"].endswith(":event-bus/${EventBusName}")
    assert statement["Condition"] == {"StringEquals": {"events:source": "installhub"}}


@every_function
def test_every_permission_is_used_by_the_module_in_the_table(function: str) -> None:
    reached = reached_from(function)
    for permission, source in needs_of(function).items():
        if source != LAMBDA:
            assert PACKAGE / source in reached, source
            assert operations_of(permission.action) & calls_in(PACKAGE / source), (permission, source)


def test_every_call_in_the_code_is_allowed_by_a_role() -> None:
    for module in PACKAGE.rglob("*.py"):
        source = str(module.relative_to(PACKAGE))
        allowed: set[str] = set()
        for function in FUNCTIONS:
            for permission, used_in in needs_of(function).items():
                if used_in == source:
                    allowed |= operations_of(permission.action)
        if source not in (PUBLISHER, TABLE):
            assert calls_in(module) <= allowed, source


def test_the_layers_botocore_has_exactly_the_operations_the_code_calls() -> None:
    called: set[str] = set()
    for module in PACKAGE.rglob("*.py"):
        called |= calls_in(module)
    listed: set[str] = set().union(*known_operations().values())
    assert called == listed


@pytest.mark.parametrize(
    ("source", "calls"),
    [
        ("client.put_item(TableName='t')", {"PutItem"}),
        ("client.get_paginator('query').paginate()", {"Query"}),
        ("client.get_paginator('list_parts')", set()),
        ("client.generate_presigned_url('head_object' if x else 'get_object')", {"HeadObject", "GetObject"}),
        ("put_item()", set()),
    ],
)
def test_calls_are_found_in_code(tmp_path: Path, source: str, calls: Any) -> None:  # noqa: ANN401  # a set of names
    module = tmp_path / "module.py"
    module.write_text(source)
    assert calls_in(module) == calls
