"""Policies that are not any one stack's: what everyone is denied who has no office in Greenlight."""
