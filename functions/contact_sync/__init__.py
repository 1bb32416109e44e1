"""Keeps a user's SugarCRM contacts and Google contacts the same people on both sides.

Rooms, each importing only what is below it: `web` and `sync`, then `services` and `store`, then `contacts`.
"""
