"""Tests of what is seen in a browser, in a real Chromium; `chromium.py` has the fixtures for tests elsewhere too."""
