"""Damaged files by the thousand: each is read, or refused in one message; none is a crash."""
