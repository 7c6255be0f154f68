"""The only code that knows boto3: AWS's words to ours, AWS's errors to our two roots."""
