"""What changed between two packages, and what that means for their users.

Here: pure code that compares manifests and JSON values, and the rules of the SemVer adviser.
Not here: reading packages, and how a comparison is presented.
"""
