"""How two prefixes in S3 lie to each other."""


def overlap(one: str, other: str) -> bool:
    """Whether one `s3://bucket/prefix` lies below the other, or they are the same."""
    one, other = f"{one.rstrip('/')}/", f"{other.rstrip('/')}/"
    return one.startswith(other) or other.startswith(one)
