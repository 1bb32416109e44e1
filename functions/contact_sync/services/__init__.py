"""One module per outside system.

Each turns that system's errors into ours (`contact_sync.errors`) and knows nothing of Firestore.
"""
