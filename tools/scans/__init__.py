"""Security scans of the code, the template, the tracked files and the dependencies."""
