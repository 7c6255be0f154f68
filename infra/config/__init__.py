"""The groups' YAML: read, validated against AWS's limits before synth, turned into specs."""
