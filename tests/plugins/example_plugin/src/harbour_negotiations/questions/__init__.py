"""Question sets of this package: one YAML file each."""
