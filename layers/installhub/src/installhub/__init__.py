"""InstallHub: resolves artifacts of a low-code tenant and publishes them as immutable bundles.

The way of an export: ``resolver`` finds the closure and its order, ``bundler`` lays out the ZIP, ``exporting`` claims
the version, streams the bundle to S3 and commits. ``catalog`` and ``packages`` are the adapters to DynamoDB and S3;
``http`` is the only module that knows about HTTP statuses beside the registry in ``errors``.
"""
