"""One module per outside system. Each turns that system's errors into ours (`errors`) and knows nothing of Firestore."""
