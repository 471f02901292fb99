"""`make demo`: a tour of the whole API, using the sample tenants of local/sample."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from local import seed, stack
from local.console import stdout
from local.errors import LocalStackError
from local.issuer import DEFAULT_LIFETIME, DEFAULT_SCOPE, Issuer
from local.state import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

    from local.state import Stack, State

SAMPLES = PROJECT / "local" / "sample"
TENANT = "tenant-7f3a9b12"
ROOT = "proc-1001"
EXPORT = {
    "tenantId": TENANT,
    "packageName": "Employee Onboarding Suite",
    "packageType": "workflow-package",
    "description": "Complete onboarding workflow",
    "author": "HR Automation Team",
    "tags": ["hr", "onboarding"],
    "artifactIds": [ROOT],
}
FIRST_VERSION = (2, 1, 0)
REFUSED_ROOTS = {
    "proc-1020": "part of a dependency cycle",
    "proc-1007": "depends on a draft",
    "proc-1009": "depends on an artifact that does not exist",
    "proc-1501": "belongs to another tenant",
}
"""Roots in local/sample that cannot be exported; the README there lists more."""
TIMEOUT = 60


class ApiClient:
    """A client of the API."""

    def __init__(self, url: str, token: str) -> None:
        self._url = f"{url}/api/installhub/packages"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def post(self, path: str, body: object) -> requests.Response:
        """POST a JSON body."""
        return self._session.post(f"{self._url}/{path}", json=body, timeout=TIMEOUT)

    def get(self, path: str, accept: str = "*/*") -> requests.Response:
        """GET a resource."""
        return self._session.get(f"{self._url}/{path}", headers={"Accept": accept}, timeout=TIMEOUT)


@dataclass(frozen=True)
class CheckedBundle:
    """A bundle on disk whose checksums match."""

    file: Path
    manifest: dict[str, Any]


def run(state: State, port: int | None, host: str | None) -> None:
    """Start the stack if necessary, then preview, export, get, download, verify, draw, and provoke some errors."""
    deployed = ensure_seeded_stack(state, port, host)
    issuer, audience = deployed.parameters["TokenIssuer"], deployed.parameters["TokenAudience"]
    token = Issuer(state.issuer_key).token(issuer, audience, [TENANT], DEFAULT_SCOPE, DEFAULT_LIFETIME)
    api = ApiClient(deployed.url, token)

    _heading(f"Preview: what {ROOT} needs")
    preview = _json_body(api.post("preview", {"tenantId": TENANT, "artifactIds": [ROOT]}))
    stdout.print(_dependency_tree(preview))
    stdout.print(f"\nInstall order: {' → '.join(preview['installOrder'])}", soft_wrap=True)

    _heading(f"Export: {EXPORT['packageName']}")
    package = _export(api)
    stdout.print(f"{package['packageId']}\n{package['checksum']}", style="cyan", soft_wrap=True)

    _heading("Package: its metadata")
    stdout.print(_package_table(_json_body(api.get(package["packageId"]))))

    _heading("Download: the bundle, checked against checksum and manifest")
    bundle = _download(api, package, state.demo)
    stdout.print(_manifest_table(bundle.manifest))
    stdout.print(f"\nIn install order. The ZIP is {_display_path(bundle.file)}", soft_wrap=True)

    _heading("Graph: a picture of the package, for any browser")
    picture = _save_picture(api, package["packageId"], bundle.file.with_suffix(".svg"))
    stdout.print(f"The picture is {_display_path(picture)}", soft_wrap=True)

    _heading("Refusals: what cannot be exported")
    stdout.print(_refusals(api, package["version"]))

    _heading("Your turn")
    stdout.print(_commands(package["packageId"]), soft_wrap=True)


def ensure_seeded_stack(state: State, port: int | None, host: str | None) -> Stack:
    """The running stack, or a new one, with the sample tenants loaded."""
    deployed = stack.ensure(state, port, host)
    for sample in sorted(SAMPLES.glob("tenant-*.json")):
        seed.seed(deployed, str(sample))
    return deployed


def _export(api: ApiClient) -> dict[str, Any]:
    major, minor, patch = FIRST_VERSION
    while True:
        version = f"{major}.{minor}.{patch}"
        response = api.post("export", {**EXPORT, "version": version})
        if response.status_code != requests.codes.conflict:
            return _json_body(response)
        stdout.print(f"Version {version} already exists and versions are immutable; trying the next one.", style="dim")
        patch += 1


def _download(api: ApiClient, package: dict[str, Any], folder: Path) -> CheckedBundle:
    response = api.get(f"{package['packageId']}/download")
    if not response.ok:
        _json_body(response)
    name = response.headers["Content-Disposition"].partition('filename="')[2].partition('"')[0]
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_bytes(response.content)
    if f"sha256:{hashlib.sha256(response.content).hexdigest()}" != package["checksum"]:
        raise LocalStackError(f"{file} does not have the checksum {package['checksum']}")
    with zipfile.ZipFile(file) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        for artifact in manifest["artifacts"]:
            content = archive.read(artifact["path"])
            if (len(content), hashlib.sha256(content).hexdigest()) != (artifact["size"], artifact["sha256"]):
                raise LocalStackError(f"{artifact['path']} in {file} does not match the manifest")
    return CheckedBundle(file, manifest)


def _save_picture(api: ApiClient, package_id: str, file: Path) -> Path:
    response = api.get(f"{package_id}/graph", accept="image/svg+xml")
    if not response.ok:
        _json_body(response)
    file.write_bytes(response.content)
    return file


def _json_body(response: requests.Response) -> dict[str, Any]:
    """The JSON body of a successful response."""
    if not response.ok:
        raise LocalStackError(
            f"{response.request.method} {response.url} returned {response.status_code}: {response.text[:300]}",
            "see `make logs`",
        )
    body: dict[str, Any] = response.json()
    return body


def _heading(title: str) -> None:
    stdout.print()
    stdout.rule(Text(title, style="bold"), align="left", style="dim")


def _dependency_tree(preview: dict[str, Any]) -> Tree:
    (root,) = preview["rootArtifacts"]
    branches = {root["id"]: Tree(_artifact(root), guide_style="dim")}
    for dependency in preview["resolvedDependencies"]:
        branches[dependency["id"]] = branches[dependency["resolvedFrom"]].add(_artifact(dependency))
    return branches[root["id"]]


def _artifact(artifact: dict[str, Any]) -> Text:
    return Text.assemble((artifact["id"], "cyan"), f"  {artifact['name']}  ", (artifact["type"], "dim"))


def _package_table(package: dict[str, Any]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in package.items():
        if not isinstance(value, dict | list):
            table.add_row(name, str(value))
    return table


def _manifest_table(manifest: dict[str, Any]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("path in the bundle", style="cyan", overflow="fold")
    table.add_column("bytes", justify="right")
    table.add_column("sha256")
    table.add_column("")
    by_id = {artifact["id"]: artifact for artifact in manifest["artifacts"]}
    for artifact_id in manifest["installOrder"]:
        artifact = by_id[artifact_id]
        table.add_row(
            artifact["path"], f"{artifact['size']:,}", f"{artifact['sha256'][:12]}…", Text("✓", style="green")
        )
    return table


def _refusals(api: ApiClient, version: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("request", overflow="fold")
    table.add_column("response", style="red", no_wrap=True)
    table.add_column("detail", overflow="fold")
    attempts = {
        f"{root}\n{why}": {**EXPORT, "packageName": "Refused", "version": "1.0.0", "artifactIds": [root]}
        for root, why in REFUSED_ROOTS.items()
    }
    attempts[f"{ROOT}\nversion {version} again"] = {**EXPORT, "version": version}
    for request, body in attempts.items():
        response = api.post("export", body)
        if response.ok:
            raise LocalStackError(f"{request.splitlines()[0]} was exported but should have been refused")
        problem = response.json()
        details = "\n".join(str(error["detail"]) for error in problem["errors"])
        table.add_row(request, f"{problem['status']} {problem['errorCode']}", details)
    return table


def _commands(package_id: str) -> Text:
    return Text(
        f"URL=$(make url) TOKEN=$(make token TENANTS={TENANT}) PACKAGE={package_id}\n"
        'curl -H "Authorization: Bearer $TOKEN" "$URL/api/installhub/packages/$PACKAGE"\n'
        'curl -H "Authorization: Bearer $TOKEN" "$URL/api/installhub/packages/$PACKAGE/graph?format=mermaid"\n'
        'curl -H "Authorization: Bearer $TOKEN" -OJ "$URL/api/installhub/packages/$PACKAGE/download"\n'
        "\n"
        "make logs        show the functions' logs\n"
        "make down        stop the stack and delete its data"
    )


def _display_path(file: Path) -> str:
    return str(file.relative_to(PROJECT)) if file.is_relative_to(PROJECT) else str(file)
