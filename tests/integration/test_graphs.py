"""The dependency graph of a package, and pictures of previews."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

import pytest

from installhub.contract.graph_models import PackageGraph
from tests.integration.support.api import PREVIEW_BODY, Api
from tests.integration.support.artifact_inputs import TENANT, artifact_input
from tests.integration.support.functions import Functions

if TYPE_CHECKING:
    from tests.integration.support.api import ApiResponse
    from tests.integration.support.world import World

MEDIA_TYPES: Final = {
    "json": "application/json",
    "mermaid": "text/vnd.mermaid",
    "dot": "text/vnd.graphviz",
    "svg": "image/svg+xml",
}
STARTS: Final = {"json": b'{"packageId"', "mermaid": b"flowchart TD\n", "dot": b"digraph {\n", "svg": b"<svg "}
EXTENSIONS: Final = {"json": "json", "mermaid": "mmd", "dot": "dot", "svg": "svg"}
SVG: Final = "{http://www.w3.org/2000/svg}"
UNKNOWN: Final = "pkg-00000000-0000-5000-8000-000000000000"

every_format = pytest.mark.parametrize("name", MEDIA_TYPES)
every_picture = pytest.mark.parametrize("name", ["mermaid", "dot", "svg"])


@pytest.fixture
def package(api: Api) -> str:
    return api.export().package().package_id


def media_type(response: ApiResponse) -> str:
    return response.headers["Content-Type"].partition(";")[0]


def preview_as(api: Api, accept: str, root: str = "proc-1001") -> ApiResponse:
    return api.preview({"tenantId": TENANT, "artifactIds": [root]}, headers={"Accept": accept})


def names_in(svg: bytes) -> set[str]:
    """The names of the artifacts in a picture."""
    root = ET.fromstring(svg)  # noqa: S314  # our own output
    return {str(title.text).split("\n")[0] for title in root.iterfind(f".//{SVG}g/{SVG}title")}


@every_format
def test_a_graph_can_be_requested_in_each_format_by_parameter_or_header(api: Api, package: str, name: str) -> None:
    by_parameter = api.get_graph(package, wanted=name)
    by_header = api.get_graph(package, headers={"Accept": MEDIA_TYPES[name]})

    assert (by_parameter.status, media_type(by_parameter)) == (200, MEDIA_TYPES[name])
    assert by_parameter.body.startswith(STARTS[name])
    assert by_parameter.body == by_header.body
    assert by_parameter.headers["Vary"] == "Accept"
    file = f"employee-onboarding-suite-2.1.0.{EXTENSIONS[name]}"
    assert by_parameter.headers["Content-Disposition"] == f'inline; filename="{file}"'


def test_the_parameter_takes_precedence_over_the_header_and_may_be_encoded(api: Api, package: str) -> None:
    plain = api.get_graph(package, wanted="dot", headers={"Accept": "image/svg+xml"})
    encoded = api.get_graph(package, wanted="~ZG90", headers={"Accept": "text/html"})

    assert media_type(plain) == media_type(encoded) == "text/vnd.graphviz"


def test_json_is_the_default_and_matches_the_manifest(api: Api, package: str) -> None:
    response = api.get_graph(package)
    graph = PackageGraph.model_validate_json(response.body)
    manifest = api.get_package(package).package().manifest

    assert (graph.package_id, graph.package_name, graph.version) == (package, manifest.name, manifest.version)
    assert [node.id for node in graph.nodes] == manifest.install_order
    assert [node.id for node in graph.nodes if node.is_root] == ["proc-1001"]
    assert {(edge.source, edge.target) for edge in graph.edges} == {
        (artifact.id, dependency) for artifact in manifest.artifacts for dependency in artifact.dependencies
    }
    assert response.json["edges"][0].keys() == {"from", "to"}


def test_the_picture_shows_every_artifact_of_the_package(api: Api, package: str) -> None:
    svg = api.get_graph(package, wanted="svg")

    assert names_in(svg.body) == {
        *("EmployeeOnboarding", "ApprovalSubflow", "EmployeeForm", "ApprovalRules", "EmployeeSchema")
    }
    assert svg.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert svg.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("wanted", ["png", "SVG", "", "~", "~!"])
def test_an_unknown_format_is_refused_with_the_known_ones(api: Api, package: str, wanted: str) -> None:
    problem = api.get_graph(package, wanted=wanted).problem()

    assert (problem.status, problem.error_code) == (400, "InvalidRequest")
    assert "json, mermaid, dot, svg" in problem.detail


def test_a_header_without_any_known_format_is_refused_with_the_known_ones(api: Api, package: str) -> None:
    problem = api.get_graph(package, headers={"Accept": "text/html, image/png"}).problem()

    assert (problem.status, problem.error_code) == (400, "InvalidRequest")
    assert all(media_type in problem.detail for media_type in MEDIA_TYPES.values())


@every_format
def test_a_known_graph_is_not_sent_again_and_its_bundle_is_not_read(
    sample_world: World, api: Api, package: str, name: str
) -> None:
    first = api.get_graph(package, wanted=name)
    for stored in sample_world.s3.list_objects_v2(Bucket=sample_world.name("BundleBucket"))["Contents"]:
        sample_world.s3.delete_object(Bucket=sample_world.name("BundleBucket"), Key=stored["Key"])

    again = api.get_graph(package, wanted=name, headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == "private, no-cache"


def test_each_format_of_each_package_has_its_own_entity_tag(api: Api, package: str) -> None:
    other = api.export({**PREVIEW_BODY, "packageName": "x", "packageType": "workflow-package", "version": "1.0.0"})
    packages = (package, other.package().package_id)

    tags = [api.get_graph(found, wanted=name).headers["ETag"] for found in packages for name in MEDIA_TYPES]

    assert len(set(tags)) == len(tags)


def test_the_format_is_checked_although_the_package_does_not_exist(api: Api) -> None:
    assert api.get_graph(UNKNOWN, wanted="png").error_code == "InvalidRequest"
    assert api.get_graph(UNKNOWN, wanted="svg").error_code == "PackageNotFound"


@every_picture
def test_a_preview_is_a_picture_if_the_header_asks_for_it(api: Api, name: str) -> None:
    response = preview_as(api, MEDIA_TYPES[name])

    assert (response.status, media_type(response)) == (200, MEDIA_TYPES[name])
    assert response.body.startswith(STARTS[name])
    assert b"EmployeeOnboarding" in response.body


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html", "application/json, image/svg+xml"])
def test_a_preview_is_json_unless_a_picture_is_preferred(api: Api, accept: str) -> None:
    assert preview_as(api, accept).body == api.preview(PREVIEW_BODY).body


@pytest.mark.parametrize(
    ("root", "style", "in_dot"),
    [
        ("proc-1020", "cyclic", "-> n0 [color="),
        ("proc-1009", "missing", "dashed"),
        ("proc-1007", "unpublished", "dashed"),
    ],
)
def test_what_prevents_an_export_stands_out_in_the_picture_of_a_preview(
    api: Api, root: str, style: str, in_dot: str
) -> None:
    assert f" {style}" in preview_as(api, "image/svg+xml", root).body.decode().partition("</style>")[2]
    assert f"  classDef {style} " in preview_as(api, "text/vnd.mermaid", root).body.decode()
    assert in_dot in preview_as(api, "text/vnd.graphviz", root).body.decode()
    assert in_dot not in preview_as(api, "text/vnd.graphviz").body.decode()


@every_picture
def test_a_root_that_does_not_exist_is_an_error_in_a_picture_too(api: Api, name: str) -> None:
    assert preview_as(api, MEDIA_TYPES[name], "proc-9999").error_code == "ArtifactNotFound"


def test_names_are_text_in_every_format(world: World) -> None:
    name = 'x"];</title><script>alert(1)</script>\\\u202e&#;'
    world.publish(artifact_input("proc-1001", kind="ProcessDefinition", name=name))
    api = Api(Functions(world.deployment))
    package = api.export().package().package_id

    assert api.get_graph(package).json["nodes"][0]["name"] == name
    assert names_in(api.get_graph(package, wanted="svg").body) == {name}
    for wanted in ("svg", "mermaid"):
        assert b"<script" not in api.get_graph(package, wanted=wanted).body
    assert b'x\\"];</title>' in api.get_graph(package, wanted="dot").body


def test_a_graph_too_large_for_a_picture_is_available_in_other_formats(
    api: Api, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("installhub.graphs.svg.MAX_ARTIFACTS", 4)

    refused = api.get_graph(package, wanted="svg").problem()

    assert (refused.status, refused.error_code) == (400, "PackageTooLarge")
    assert api.get_graph(package, wanted="dot").status == 200
