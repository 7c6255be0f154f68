"""Function `retrain`: a run that reconcile asked for is started."""
