"""An auditor of a deployed stack: reads tables and buckets, and reports whatever breaks a promise of the product.

It shares no code with the product. What it knows of keys, attributes and bundles is what docs/data-model.md says, so
that a mistake of the product is not made twice.
"""
