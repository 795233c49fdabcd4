"""Reports on stored runs. Nothing is public here yet."""
