"""Function `sweep`: finds groups that changed or are unsettled, for events that were lost."""
