"""The page: facts in, the HTML of a CloudWatch custom widget out."""
