"""Runs the main job against a deployed stack, checks every result, and removes what it created.

With a stack (the local one, or STACK=name with AWS credentials) it publishes two artifacts, previews, exports and
downloads them, and deletes them again. With URL and TOKEN alone it creates nothing: it checks that the API accepts the
token, and says why not.
"""

from __future__ import annotations

import argparse
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from installhub.artifacts.definition_objects import DefinitionObjects
from installhub.artifacts.publisher import Publisher
from installhub.artifacts.validation import ArtifactInput
from installhub.model.package import package_id
from local import stack as local_stack
from local.console import print_error, stderr, stdout
from local.errors import LocalStackError
from local.issuer import DEFAULT_LIFETIME, DEFAULT_SCOPE, Issuer
from local.state import State
from operations import deployment
from operations.deployment import Deployment
from operations.erase.stores import Stores
from operations.smoke.checks import PACKAGE_NAME, Caller, CheckFailedError

LOCAL_TENANT = "tenant-of-smoke-test"


@dataclass(frozen=True)
class Fixture:
    """Artifacts that exist during a check.

    Attributes:
        deployed: The stack.
        tenant: Their tenant.
        version: The version to export.
    """

    deployed: Deployment
    tenant: str
    version: str

    @property
    def ids(self) -> list[str]:
        """The ids of a root artifact and its dependency."""
        return [f"smoke-{self.version}-{name}" for name in ("root", "dependency")]

    def publish(self) -> None:
        """Publish the artifacts."""
        root, dependency = self.ids
        outputs = self.deployed.outputs
        objects = DefinitionObjects(lambda: self.deployed.s3, outputs["DefinitionBucket"])
        publisher = Publisher(self.deployed.dynamodb, outputs["ArtifactsTable"], objects)
        publisher.publish([self._artifact(dependency), self._artifact(root, dependency)])

    def remove(self) -> None:
        """Delete the artifacts and the package."""
        stores = Stores.of(self.deployed)
        for find in stores.find_package(package_id(self.tenant, PACKAGE_NAME, self.version)):
            find.delete()
        for find in stores.find_artifacts(self.tenant, self.ids):
            find.delete()

    def _artifact(self, artifact_id: str, *dependencies: str) -> ArtifactInput:
        fields = {"name": "Smoke test", "type": "Configuration", "status": "published", "definition": {}}
        ids = {"tenantId": self.tenant, "artifactId": artifact_id, "dependencies": list(dependencies)}
        return ArtifactInput.from_json({**fields, **ids})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 1 if a check failed."""
    options = _parse_options(arguments)
    try:
        deployed = None if options.url and not options.stack else deployment.find(options.stack)
        caller = _caller(options, deployed)
        with _step("Access"):
            stdout.print(f"  {caller.check_access()}")
        if deployed is None:
            stdout.print("Nothing was exported: that needs STACK=name and AWS credentials, to clean up afterwards.")
            return 0
        _check_main_job(caller, deployed)
    except (LocalStackError, BotoCoreError, ClientError) as error:
        print_error(error if isinstance(error, LocalStackError) else LocalStackError(f"AWS returned an error: {error}"))
        return 1
    except CheckFailedError as failure:
        print_error(LocalStackError(str(failure)))
        for hint in failure.hints:
            stderr.print(f"  - {hint}", markup=False, soft_wrap=True)
        return 1
    stdout.print("The smoke test passed.")
    return 0


def _check_main_job(caller: Caller, deployed: Deployment) -> None:
    version = f"0.0.0-smoke.{time.strftime('%Y%m%d%H%M%S', time.gmtime())}.{uuid.uuid4().hex[:8]}"
    fixture = Fixture(deployed, caller.tenant, version)
    try:
        with _step("Publish two artifacts"):
            fixture.publish()
        with _step("Preview and export"):
            exported = caller.check_export(fixture.ids[:1], version)
        with _step("Metadata and download"):
            stdout.print(f"  {caller.check_bundle(exported)}")
    finally:
        with _step("Clean up"):
            fixture.remove()


@contextmanager
def _step(title: str) -> Iterator[None]:
    started = time.monotonic()
    stdout.print(title)
    yield
    stdout.print(f"  ok, {time.monotonic() - started:.1f} s")


def _caller(options: argparse.Namespace, deployed: Deployment | None) -> Caller:
    if deployed and not options.stack:
        return _local_caller(options, deployed)
    if not options.token or (deployed and not options.tenant):
        raise LocalStackError("a token and its tenant are missing", "make smoke STACK=name TOKEN=... TENANT=...")
    url = options.url or (deployed.outputs["BaseUrl"] if deployed else "")
    return Caller(url.rstrip("/"), options.token, options.tenant, deployed.parameters if deployed else {})


def _local_caller(options: argparse.Namespace, deployed: Deployment) -> Caller:
    """A caller of the local stack, by default with a token of its issuer."""
    state, parameters = State.from_environment(), deployed.parameters
    tenant = options.tenant or LOCAL_TENANT
    issuer, audience = parameters["TokenIssuer"], parameters["TokenAudience"].split(",")[0]
    own_token = Issuer(state.issuer_key).token(issuer, audience, [tenant], DEFAULT_SCOPE, DEFAULT_LIFETIME)
    return Caller(local_stack.current(state).url, options.token or own_token, tenant, parameters)


def _parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make smoke", description=__doc__)
    deployment.add_stack_option(parser)
    parser.add_argument("--url", default="", help="base URL, up to and without /api; by default that of the stack")
    parser.add_argument("--token", default="", help="a bearer token; on the local stack by default one is issued")
    parser.add_argument("--tenant", default="", help="a tenant of the token")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
