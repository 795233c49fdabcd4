"""The built-in questions to judges."""
