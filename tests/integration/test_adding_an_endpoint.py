"""Follows "Adding an endpoint" in docs/architecture.md on a copy of the project and runs the result."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from cfnlint.decode.cfn_yaml import loads

PROJECT: Final = Path(__file__).parents[2]
COPIED: Final = ("docs", "events", "functions", "layers", "tools", "template.yaml")

ROUTE: Final = """
GET_VERSION: Final = Route(
    "GET",
    f"{BASE_PATH}/versions/{{version}}",
    "getVersion",
    "Check a version",
    "Returns whether a version follows SemVer 2.0.0.",
    (ErrorCode.INVALID_VERSION,),
)

ROUTES: Final = (GET_VERSION, """

MODULE: Final = """\"\"\"Checks of versions.\"\"\"

from installhub.model.errors import ErrorCode, InstallHubError
from installhub.model.version import is_valid_version


def check_version(text: str) -> dict[str, object]:
    if not is_valid_version(text):
        raise InstallHubError.of(ErrorCode.INVALID_VERSION)
    return {"version": text, "isValid": True}
"""

HANDLER: Final = """
from installhub.contract.routes import GET_VERSION
from installhub.exports.version_checks import check_version
from installhub.http.endpoint import endpoint
from installhub.http.parsing import permitted_tenants
from installhub.http.responses import json_response


@endpoint(GET_VERSION)
def handler(request, _context):
    permitted_tenants(request)
    return json_response(request, check_version(request.path_parameter("version")))
"""

RESOURCES: Final = """
  # ------------------------------------------------------------------------------- GET /packages/versions/{version}
  GetVersionFunction:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: makefile }
    Properties:
      Description: GET /api/installhub/packages/versions/{version}
      Role: !GetAtt GetVersionRole.Arn
      LoggingConfig: { LogGroup: !Ref GetVersionLogGroup }
      Events:
        GetVersion:
          Type: Api
          Properties:
            RestApiId: !Ref PackagesApi
            Path: /api/installhub/packages/versions/{version}
            Method: GET
        GetVersionHead:
          Type: Api
          Properties:
            RestApiId: !Ref PackagesApi
            Path: /api/installhub/packages/versions/{version}
            Method: HEAD

  GetVersionRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: *lambdaAssumes
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - *traces
              - Sid: Logs
                Effect: Allow
                Action: [logs:CreateLogStream, logs:PutLogEvents]
                Resource: !GetAtt GetVersionLogGroup.Arn

  GetVersionLogGroup:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties: *logs

"""

INVOKE: Final = """
import json, sys
from types import SimpleNamespace
import app
context = SimpleNamespace(function_name="f", memory_limit_in_mb=128, invoked_function_arn="arn", aws_request_id="id")
print("RESULT", json.dumps(app.handler(json.load(open(sys.argv[1])), context)))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with an additional endpoint, added according to the documentation."""
    copy = tmp_path_factory.mktemp("project")
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    package = copy / "layers" / "installhub" / "src" / "installhub"
    _replace(package / "contract" / "routes.py", "\nROUTES: Final = (", ROUTE)
    (package / "exports" / "version_checks.py").write_text(MODULE)
    (copy / "functions" / "get_version").mkdir()
    (copy / "functions" / "get_version" / "app.py").write_text(HANDLER)
    _replace(copy / "template.yaml", "\nOutputs:\n", f"{RESOURCES}Outputs:\n")
    event = json.loads((copy / "events" / "get_package.json").read_text())
    event["pathParameters"] = {"version": "2.1.0"}
    (copy / "events" / "get_version.json").write_text(json.dumps(event))
    for module in ("tools.template", "tools.openapi"):
        _run(copy, "-m", module)
    return copy


def test_the_endpoint_serves_its_sample_event(project: Path) -> None:
    response = _invoke(project, "get_version.json")

    assert response["statusCode"] == 200
    assert json.loads(response["body"]) == {"version": "2.1.0", "isValid": True}


def test_its_errors_have_the_common_format(project: Path) -> None:
    event = json.loads((project / "events" / "get_version.json").read_text())
    event["pathParameters"] = {"version": "two"}
    (project / "events" / "bad.json").write_text(json.dumps(event))

    response = _invoke(project, "bad.json")

    assert response["statusCode"] == 400
    assert response["headers"]["Content-Type"] == "application/problem+json"
    assert json.loads(response["body"])["errorCode"] == "InvalidVersion"


def test_it_is_in_the_openapi_document(project: Path) -> None:
    paths = json.loads((project / "docs" / "openapi.json").read_text())["paths"]

    assert paths["/api/installhub/packages/versions/{version}"]["get"]["operationId"] == "getVersion"


def test_dashboard_and_outputs_include_it_automatically(project: Path) -> None:
    template = dict(loads((project / "template.yaml").read_text()))

    dashboard = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert dashboard.count("${GetVersionFunction}") == 3
    assert template["Outputs"]["GetVersionFunction"]["Value"] == {"Ref": "GetVersionFunction"}


def test_preflight_requests_for_its_path_are_answered(project: Path) -> None:
    template = dict(loads((project / "template.yaml").read_text()))

    preflight = template["Resources"]["PreflightFunction"]["Properties"]["Events"]["GetVersion"]["Properties"]
    assert preflight["Path"] == "/api/installhub/packages/versions/{version}"
    assert preflight["Method"] == "OPTIONS"


def test_the_build_finds_its_folder(project: Path, tmp_path: Path) -> None:
    subprocess.run(  # noqa: S603  # a command of this project
        ["make", "build-GetVersionFunction", f"ARTIFACTS_DIR={tmp_path}"],  # noqa: S607
        cwd=project / "functions",
        check=True,
        capture_output=True,
    )

    assert (tmp_path / "app.py").read_text() == HANDLER


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def _invoke(project: Path, event: str) -> dict[str, Any]:
    output = _run(project, "-c", INVOKE, str(project / "events" / event), folder=project / "functions" / "get_version")
    (result,) = [line for line in output.splitlines() if line.startswith("RESULT ")]
    response: dict[str, Any] = json.loads(result.removeprefix("RESULT "))
    return response


def _run(project: Path, *arguments: str, folder: Path | None = None) -> str:
    """Run Python with the copy's layer, which takes precedence over the installed one."""
    source = project / "layers" / "installhub" / "src"
    run = subprocess.run(  # noqa: S603  # this interpreter
        [sys.executable, *arguments],
        cwd=folder or project,
        env={"PYTHONPATH": f"{source}:{folder or project}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout
