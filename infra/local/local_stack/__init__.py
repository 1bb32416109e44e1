"""The whole system on one machine: simulators of Sugar and Google, stand-ins for Firestore and Cloud Tasks."""
