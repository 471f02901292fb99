"""The artifacts of a release: built twice, uploaded to the stack's S3, and published to a stand-in for AWS."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from local.aws import Aws
from local.sam import SAM
from local.settings import LOCAL_BUCKET
from local.state import PROJECT
from tests.system.client import Api
from tools.project import metadata
from tools.release import artifacts
from tools.release.errors import ReleaseError

SOURCES = ("template.yaml", "samconfig.toml", "functions", "layers", *artifacts.TEXTS)
SOURCE_URL = "https://example.com/a-fork"
APPLICATION = "arn:aws:serverlessrepo:us-east-1:123456789012:applications/installhub"


@pytest.fixture(scope="module")
def builder() -> artifacts.Builder:
    try:
        return artifacts.Builder(artifacts.find_compiler())
    except ReleaseError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def built(builder: artifacts.Builder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(builder, tmp_path_factory.mktemp("built"))


def build(builder: artifacts.Builder, root: Path) -> Path:
    """Build a copy of the working tree."""
    for source in SOURCES:
        if (PROJECT / source).is_dir():
            shutil.copytree(PROJECT / source, root / "checkout" / source, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (root / "checkout").mkdir(exist_ok=True)
            shutil.copy(PROJECT / source, root / "checkout")
    builder.build(root / "checkout", "99.0.0", "0123abc", root / "dist")
    return root / "dist"


def digests(folder: Path) -> dict[str, str]:
    """Return the recorded digests by file name."""
    lines = (line.split("  ") for line in (folder / artifacts.SUMS).read_text().splitlines())
    return {name: digest for digest, name in lines}


def test_two_builds_have_the_same_digests(builder: artifacts.Builder, built: Path, tmp_path: Path) -> None:
    again = build(builder, tmp_path)

    assert digests(again) == digests(built)
    assert "InstallHubLayer.zip" in digests(built)


@pytest.fixture(scope="module")
def packaged(api: Api, built: Path) -> str:
    """The template whose artifacts are in the stack's S3."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", api.stack.endpoint)
        artifacts.package(built, LOCAL_BUCKET, "installhub/99.0.0", SOURCE_URL)
    return (built / artifacts.PACKAGED).read_text()


def test_what_is_uploaded_has_the_recorded_digests(api: Api, built: Path, packaged: str) -> None:
    uploaded = re.findall(rf"s3://{LOCAL_BUCKET}/(installhub/99\.0\.0/\S+)", packaged)
    s3 = Aws(api.stack.endpoint).s3
    bodies = [s3.get_object(Bucket=LOCAL_BUCKET, Key=key)["Body"].read() for key in uploaded]

    recorded = {digest for name, digest in digests(built).items() if name not in ("template.yaml", "build.json")}
    assert {hashlib.sha256(body).hexdigest() for body in bodies} == recorded


class Publications(BaseHTTPRequestHandler):
    """A stand-in for the AWS Serverless Application Repository, which keeps what it is sent."""

    received: list[dict[str, Any]] = []  # noqa: RUF012  # shared by all requests

    def do_POST(self) -> None:
        self.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        body = json.dumps({"applicationId": APPLICATION}).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def repository() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Publications) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_sam_publish_takes_the_packaged_template(built: Path, packaged: str, repository: str) -> None:
    published = subprocess.run(  # noqa: S603  # fixed command
        [SAM, "publish", "--template", built / artifacts.PACKAGED, "--region", "us-east-1"],
        env={**os.environ, "AWS_ENDPOINT_URL": repository},
        capture_output=True,
        text=True,
        check=False,
    )

    assert published.returncode == 0, published.stderr
    assert "Publish Succeeded" in published.stdout
    (application,) = Publications.received
    assert application["name"] == "installhub"
    assert application["semanticVersion"] == metadata().version
    assert application["sourceCodeUrl"] == application["homePageUrl"] == SOURCE_URL
    assert application["licenseUrl"].startswith(f"s3://{LOCAL_BUCKET}/")
    assert application["licenseUrl"] in packaged
