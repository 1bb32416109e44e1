"""The pure core: what a contact is, when two are the same, and what a run should do about one.

No I/O, no clock, no randomness, no environment. Everything here is a function of its arguments.
"""
