"""Everything that stands on the simulated networks, and the few ways to change it."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulator.identifiers import Ids
from simulator.placing import Draft, mentioned_accounts, place_message
from simulator.records import App, Attempt, BrandAccount, Grant, Message, Person, Version
from simulator.store import Store
from simulator.timelines import Timeline

Listener = Callable[[Message, str], None]


def wall_clock() -> int:
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Settings:
    """The switches of a test. `limits` off: rate limits are counted and reported but never refuse."""

    limits: bool = True
    x_duplicates: bool = True
    require_appsecret_proof: bool = False
    #: Whether the Page's token may list the posts of its advertisements.
    advertisements: bool = True


class World:
    """All networks' state in memory, written through to the store."""

    def __init__(self, store: Store, *, seed: int = 7, clock: Callable[[], int] = wall_clock) -> None:
        self.store = store
        self.seed = seed
        self.clock = clock
        self.ids = Ids()
        self.settings = Settings()
        self.people: dict[str, Person] = {}
        self.handles: dict[str, Person] = {}
        self.accounts: dict[str, BrandAccount] = {}
        self.apps: dict[str, App] = {}
        self.grants: dict[str, Grant] = {}
        self.messages: dict[str, Message] = {}
        self.timelines: defaultdict[tuple[str, ...], Timeline] = defaultdict(Timeline)
        self.inboxes: defaultdict[str, OrderedDict[str, Message]] = defaultdict(OrderedDict)
        self.attempts: list[Attempt] = []
        self.revoked: set[str] = set()
        self.listeners: list[Listener] = []
        self._unshown: list[Message] = []
        self._revs: list[int] = []
        self._log: list[Message] = []
        self._load()

    # -- reading ---------------------------------------------------------------------------------------------------

    def person(self, network: str, person_id: str) -> Person | None:
        return self.people.get(f"{network}:{person_id}")

    def find_person_by_handle(self, network: str, handle: str) -> Person | None:
        return self.handles.get(f"{network}:{handle.lstrip('@').lower()}")

    def account(self, network: str, name_or_id: str) -> BrandAccount | None:
        """Return a brand account by its id, handle or name."""
        if by_id := self.accounts.get(f"{network}:{name_or_id}"):
            return by_id
        name = name_or_id.lstrip("@").lower()
        for candidate in self.accounts.values():
            if candidate.network == network and name in (candidate.handle.lower(), candidate.name.lower()):
                return candidate
        return None

    def find_readable_message(self, message_id: str) -> Message | None:
        """Return a message that can still be read. Neither it nor what it stands under is deleted."""
        message = self.messages.get(message_id)
        if message is None or message.deleted_at:
            return None
        if message.network == "facebook" and message.kind == "comment":
            for above in (message.in_reply_to, message.thread):
                parent = self.messages.get(above)
                if parent is None or parent.deleted_at:
                    return None
        return message

    def top_comment(self, message: Message) -> Message:
        """Facebook keeps two levels: a reply to a reply stands under the first comment."""
        while (parent := self.messages.get(message.in_reply_to)) is not None and parent.kind == "comment":
            message = parent
        return message

    def timeline(self, *key: str) -> Timeline:
        self._show_due()
        return self.timelines.get(key) or Timeline()

    def changes_after(self, after: int) -> Iterator[Message]:
        """Yield messages changed since revision `after`. In the order of their last change."""
        for at in range(bisect_right(self._revs, after), len(self._revs)):
            if self._log[at].rev == self._revs[at]:
                yield self._log[at]

    @property
    def revision(self) -> int:
        return self._revs[-1] if self._revs else 0

    # -- changing --------------------------------------------------------------------------------------------------

    def add_person(self, person: Person) -> Person:
        self.people[f"{person.network}:{person.id}"] = person
        self.handles[f"{person.network}:{person.handle.lower()}"] = person
        self.store.save_thing("person", f"{person.network}:{person.id}", person)
        return person

    def add_account(self, account: BrandAccount) -> BrandAccount:
        account.position = account.position or len(self.accounts) + 1
        self.accounts[f"{account.network}:{account.remote_id}"] = account
        self.store.save_thing("account", f"{account.network}:{account.remote_id}", account)
        if self.person(account.network, account.remote_id) is None:
            self.add_person(
                Person(
                    account.network,
                    account.remote_id,
                    account.handle,
                    account.name,
                    18_400,
                    True,
                    is_brand=True,
                )
            )
        return account

    def add_app(self, app: App) -> App:
        self.apps[app.client_id] = app
        self.store.save_thing("app", app.client_id, app)
        return app

    def save_grant(self, grant: Grant) -> Grant:
        self.grants[grant.key] = grant
        self.store.save_thing("grant", grant.key, grant)
        return grant

    def record_attempt(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)
        self.store.save_attempt(attempt)

    def set_revoked(self, token: str, revoked: bool = True) -> None:
        """Mark a token as taken back by the person (or given again)."""
        (self.revoked.add if revoked else self.revoked.discard)(token)
        self.store.save_thing("revoked", token, revoked)

    def post(self, draft: Draft, now: int) -> Message:
        """Put a message on its network. Raises `ValueError` when it does not fit there."""
        message = place_message(self, draft, now)
        message.seq = len(self.messages) + 1
        self.messages[message.id] = message
        self._show(message)
        self._record_change(message, "posted")
        return message

    def edit(self, message: Message, text: str, now: int) -> Message:
        """Change a text. On X the message gets a new id; the old one keeps answering with the old text."""
        if message.deleted_at:
            raise ValueError("a deleted message cannot be edited")
        self._unindex(message)
        if not message.versions:
            message.versions.append(Version(message.id, message.text, message.created_at))
        if message.network == "x" and not message.is_direct:
            message.id = self.ids.snowflake(now)
            message.number = int(message.id)
            self.messages[message.id] = message
        message.text, message.edited_at = text, now
        message.versions.append(Version(message.id, text, now))
        if message.network == "x" and not message.by_brand:
            message.addressed = sorted(
                {*message.addressed, *mentioned_accounts(self, text)} - {message.author}
            )
        self._index(message)
        self._record_change(message, "edited")
        return message

    def delete(self, message: Message, now: int) -> Message:
        if not message.deleted_at:
            message.deleted_at = now
            self._unindex(message)
            self._record_change(message, "deleted")
        return message

    def hide(self, message: Message, hidden: bool) -> None:
        message.hidden = hidden
        self._record_change(message, "hidden")

    def like(self, message: Message, who: str, liked: bool = True) -> None:
        message.likes = [person for person in message.likes if person != who] + ([who] if liked else [])
        self._record_change(message, "liked")

    # -- keeping ---------------------------------------------------------------------------------------------------

    def _record_change(self, message: Message, event: str) -> None:
        message.rev = self.revision + 1
        self._revs.append(message.rev)
        self._log.append(message)
        self.store.save_message(message.first_id, message.rev, message)
        for listener in self.listeners:
            listener(message, event)

    def _keys(self, message: Message) -> Iterator[tuple[str, ...]]:
        if message.network == "x":
            if message.is_direct:
                yield "x-direct", message.account
                yield "x-direct", message.account, message.thread
                return
            yield ("x-all",)
            yield "x-author", message.author
            yield "x-conversation", message.thread
            for account in message.addressed:
                yield "x-mentions", account
        elif message.kind == "comment":
            yield "comments", message.thread
            yield "fb-comments", message.account
            parent = self.messages.get(message.in_reply_to)
            if parent is not None and parent.kind == "comment":
                yield "replies", self.top_comment(message).id
            else:
                yield "toplevel", message.thread
        elif message.is_direct:
            yield "messages", message.thread
        elif message.kind in ("tagged", "ad"):
            yield message.kind, message.account
        elif message.kind == "photo":
            yield "photos", message.in_reply_to
        else:
            yield "feed", message.account
            yield ("posts" if message.by_brand else "visitor_posts"), message.account

    def _show(self, message: Message) -> None:
        """Put a message into the lists, now or when its time comes."""
        if message.shown_at > self.clock():
            self._unshown.append(message)
        else:
            self._index(message)

    def _show_due(self) -> None:
        if not self._unshown:
            return
        now = self.clock()
        for message in self._unshown:
            if message.shown_at <= now and not message.deleted_at:
                self._index(message)
        self._unshown = [message for message in self._unshown if message.shown_at > now]

    def _index(self, message: Message) -> None:
        for key in self._keys(message):
            self.timelines[key].add(message.number, message)
        if message.network == "facebook" and message.is_direct:
            self.inboxes[message.account][message.thread] = message
            self.inboxes[message.account].move_to_end(message.thread)

    def _unindex(self, message: Message) -> None:
        for key in self._keys(message):
            self.timelines[key].remove(message.number)

    def _load(self) -> None:
        for _, body in self.store.load_things("person"):
            self.add_loaded_person(Person(**body))
        accounts = [BrandAccount(**body) for _, body in self.store.load_things("account")]
        for account in sorted(accounts, key=lambda account: account.position):
            self.accounts[f"{account.network}:{account.remote_id}"] = account
        for key, body in self.store.load_things("app"):
            self.apps[key] = App(**body)
        for key, body in self.store.load_things("grant"):
            self.grants[key] = Grant(**body)
        self.revoked = {key for key, revoked in self.store.load_things("revoked") if revoked}
        self.attempts = [Attempt(**body) for body in self.store.load_attempts()]
        for body in self.store.load_messages():
            body["versions"] = [Version(**version) for version in body["versions"]]
            message = Message(**body)
            self.messages[message.id] = message
            for version in message.versions:
                self.messages[version.id] = message
            self.ids.reserve_up_to(message.network, message.number)
            if not message.deleted_at:
                self._show(message)
            self._log.append(message)
        self._log.sort(key=lambda message: message.rev)
        self._revs = [message.rev for message in self._log]

    def add_loaded_person(self, person: Person) -> None:
        self.people[f"{person.network}:{person.id}"] = person
        self.handles[f"{person.network}:{person.handle.lower()}"] = person
