"""Packages: the packages table and the bundle bucket.

Here: claims, commits, pending exports, bundle uploads and downloads, look-ups, cleanup after failed attempts.
Not here: HTTP, and the contents of packages.
"""
