"""Messages become cases, people answer them, answers go out."""
