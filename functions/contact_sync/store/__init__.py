"""Firestore, one module per collection. The only room that imports the Firestore client."""
