"""Summary, report and pages as one structure of sections and blocks, rendered by small renderers."""
