"""Which department a message belongs to, and why: pure functions over plain facts, and the rules people edit."""
