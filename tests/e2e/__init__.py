"""The real templates, the real assets and IAM, on the local AWS."""
