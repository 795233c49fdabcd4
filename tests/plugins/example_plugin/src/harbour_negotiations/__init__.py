"""Negotiations over a harbour, for negosim."""
