"""The content folder: one file per recommendation, read strictly, cross-checked and frozen at start."""
