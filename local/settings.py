"""Settings of the local stack that are defined in samconfig.toml."""

from __future__ import annotations

import tomllib

from local.state import PROJECT

PROFILE = "local"
SAM_CONFIG = PROJECT / "samconfig.toml"
TEMPLATE = PROJECT / "template.yaml"

_profile = tomllib.loads(SAM_CONFIG.read_text(encoding="utf-8"))[PROFILE]

STACK_NAME: str = _profile["global"]["parameters"]["stack_name"]
REGION: str = _profile["global"]["parameters"]["region"]
LOCAL_BUCKET: str = _profile["deploy"]["parameters"]["s3_bucket"]
"""The bucket for what only the local stack needs: the uploaded build and the token issuer's public keys."""
