"""Trained policies: their folder, and sampling guided by Q values."""
