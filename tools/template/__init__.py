"""Writes the parts of template.yaml that follow from the code or from the rest of the template."""
