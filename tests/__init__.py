"""Tests of everything; see the folder for what each proves."""
