"""The set-up list: what a new installation still needs before customers get answers.

May import: models of inbox, and routing and accounts.
A new step is a row in `steps`, with what makes it done.
"""
