"""Runs in a browser: a viewer, the same as a folder of files, and a seat at the table.

Pages are made on the server, from what a view may see and nothing else; see `negosim.terminal.lens_of`.
"""

from negosim.web.bundle import dialogue_html, write_bundle
from negosim.web.markdown import dialogue_markdown

__all__ = ["dialogue_html", "dialogue_markdown", "write_bundle"]
