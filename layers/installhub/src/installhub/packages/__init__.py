"""Packages: the packages table and the bundle bucket.

Here: claims, commits, pending exports, bundle uploads and downloads, look-ups, cleaning up after failed attempts.
Not here: HTTP, and deciding what goes into a package.
"""
