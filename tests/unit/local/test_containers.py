from __future__ import annotations

import tomllib
from pathlib import Path

from local import containers
from local.state import SamLocal, State

LOCAL = "http://127.0.0.1:4566"
REACHABLE = "http://172.17.0.1:4566"


def test_addresses_are_replaced_by_those_reachable_from_containers() -> None:
    variables = {
        "JWKS_URI": f"{LOCAL}/installhub-local/issuer/jwks.json",
        "TOKEN_ISSUER": f"{LOCAL}/installhub-local/issuer",
        "PLANS_TABLE": "installhub-PlansTable-1",
    }
    assert containers.rewrite_endpoints(variables, LOCAL, REACHABLE) == {
        "JWKS_URI": f"{REACHABLE}/installhub-local/issuer/jwks.json",
        "TOKEN_ISSUER": f"{LOCAL}/installhub-local/issuer",
        "PLANS_TABLE": "installhub-PlansTable-1",
    }


def test_the_configuration_is_valid_toml_for_any_folder_name(tmp_path: Path) -> None:
    state = State(tmp_path / 'a "quoted" föl\\der')
    text = containers.render_samconfig(state, "us-east-1", "image:tag", "arm64")
    options = tomllib.loads(text)["default"]["global"]["parameters"]
    assert options["env_vars"] == str(state.containers / "env.json")
    assert options["invoke_image"] == ["image:tag"]
    assert options["parameter_overrides"] == "Architecture=arm64"


def test_the_server_is_recorded_and_deleted(tmp_path: Path) -> None:
    state = State(tmp_path)
    assert state.sam_local is None
    state.sam_local = SamLocal(pid=4711, forwarder=0, port=3000, digest="digest")
    assert State(tmp_path).sam_local == state.sam_local
    assert state.sam_local.url == "http://127.0.0.1:3000"
    state.sam_local = None
    assert state.sam_local is None
    state.sam_local = None
