"""Pure vocabulary: artifacts, definitions, packages, versions, text rules and the error registry.

Here: values and rules that every other package shares. Standard library and codecs only.
Not here: anything that reads the environment, calls a service or knows JSON field names of the API.
"""
