"""InstallHub: resolves artifacts of a low-code tenant and publishes them as immutable bundles.

Packages, from the top down; imports point downwards only, which import-linter checks:

``composition``; ``http`` and ``events``; ``contract``; ``exports``; ``identity``, ``packages`` and ``artifacts``;
``resolver``, ``bundler`` and ``changes``; ``runtime``; ``model``.
"""
