"""Tests of the groups' configuration and of the templates made from it."""
