"""`python -m negosim`."""

from negosim.cli import main

main()
