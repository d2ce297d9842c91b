"""The Graph API for Pages: posts, comments, Messenger, and signing a Page in."""
