"""Adds rollout.yaml to template.yaml: published versions, gradual deployment and SnapStart."""
