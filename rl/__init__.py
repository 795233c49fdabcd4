"""Training dialogue agents on stored runs. Nothing is public here yet."""
