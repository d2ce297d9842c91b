"""The learned router: what a workspace's own corrections teach beside its rules. Pure over texts, votes and arrays."""
