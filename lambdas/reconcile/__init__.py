"""Function `reconcile`: looks at a group, decides, records, acts."""
