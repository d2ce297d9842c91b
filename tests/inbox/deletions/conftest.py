from tests.inbox.replies.test_outbox_on_the_wire import company, simulator  # noqa: F401
