"""Templates with options switched on or off, for the checks: cfn-lint and checkov see only one state at a time."""
