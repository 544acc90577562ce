"""Subjects with a known diagnosis: what gancheck says of them, and what other measures say."""
