"""Function `dashboard`: the page, as a custom widget of a CloudWatch dashboard."""
