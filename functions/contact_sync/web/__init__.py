"""The web function: sign-in, and the JSON API through which a user reaches their own data."""
