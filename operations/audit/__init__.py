"""An auditor of a deployed stack: reads all tables and buckets, and reports every violation of an invariant.

It shares no code with the product, so that it does not repeat the product's mistakes. Keys, attributes and bundles are
interpreted as documented in docs/data-model.md.
"""
