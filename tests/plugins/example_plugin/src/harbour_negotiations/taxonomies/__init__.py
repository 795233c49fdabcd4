"""Taxonomies of this package: one JSON or JSONL file each."""
