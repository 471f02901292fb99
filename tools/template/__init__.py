"""Generates parts of template.yaml from the code and from the rest of the template."""
