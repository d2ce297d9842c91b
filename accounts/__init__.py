"""People, departments, brand accounts and who may do what. Knows nothing of messages or cases."""
