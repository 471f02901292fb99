"""Pure vocabulary: artifacts, definitions, packages, versions, text rules and the error registry.

Here: values and rules that all other packages share. Imports only the standard library and codecs.
Not here: environment variables, calls to services, and JSON field names of the API.
"""
