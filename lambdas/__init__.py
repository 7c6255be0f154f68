"""The code that runs in AWS Lambda: pure core, adapters over it, one folder per function."""
