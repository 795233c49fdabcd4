"""What is measured on runs and their judgements, with honest intervals."""
