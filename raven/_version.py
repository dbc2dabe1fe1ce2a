"""The one place that says which version this is."""

VERSION = "7.0.0"
