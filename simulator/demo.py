"""The fictional company of the demo: Kettle & Fern, kitchen appliances with an app and a subscription."""

from __future__ import annotations

from simulator.identifiers import number_for, secret
from simulator.placing import Draft
from simulator.records import App, BrandAccount, Network, Person
from simulator.world import World

ADMIN_ID = "1042000000000017"
X_ACCOUNTS = (("kettleandfern", "Kettle & Fern"), ("kettlefern_help", "Kettle & Fern Help"))
PAGE = ("kettleandfern", "Kettle & Fern")
POSTS = (
    "Breakfast, sorted: the new Fern Toaster keeps two slices warm while you find the jam.",
    "The Brew app now remembers how your whole household likes its tea. Update and try profiles.",
    "Fern Club members: July's box is packed. Can you guess the three teas inside?",
    "We asked a thousand of you what a kettle should sound like. The answer: like nothing at all. Meet Quiet Boil.",
    "Descale day! Ten minutes, one sachet, and your kettle is good for another three months.",
    "Behind the scenes at our repair bench: last month we gave 1,214 appliances a second life.",
    "Air fryer or oven? Tell us your best weeknight dinner in five words.",
    "Our Utrecht and Leeds repair cafés open every Saturday. Bring the thing that stopped working.",
    "New colours for the Kettle Pro: moss, oat and brick. Which one would you put on the counter?",
    "Holiday opening hours for our help team are on our site. We answer here every day from 8 to 20.",
)  # fmt: skip
_HOUR_MS = 3600 * 1000


def new_account(world: World, network: Network, handle: str, name: str, remote_id: str = "") -> BrandAccount:
    """Make a brand account with fresh secrets, known to the network's app."""
    remote_id = remote_id or number_for(world.seed, network, handle)
    app = next(candidate for candidate in world.apps.values() if candidate.network == network)
    if network == "x":
        account_secrets = {
            "consumer_key": app.consumer_key,
            "consumer_secret": app.consumer_secret,
            "access_token": f"{remote_id}-{secret(world.seed, 'x token', handle)}",
            "access_token_secret": secret(world.seed, "x token secret", handle, length=45),
        }
    else:
        account_secrets = {
            "page_token": "EAA" + secret(world.seed, "page token", handle, length=160),
            "app_id": app.client_id,
            "app_secret": app.client_secret,
        }
    return world.add_account(BrandAccount(network, remote_id, handle, name, account_secrets))


def set_up(world: World) -> None:
    """Make apps, brand accounts and their posts, unless they exist already."""
    if world.apps:
        return
    seed = world.seed
    world.store.begin()
    world.add_app(
        App(
            "x",
            secret(seed, "x client", length=34),
            secret(seed, "x client secret", length=50),
            secret(seed, "x consumer", length=25),
            secret(seed, "x consumer secret", length=50),
        )
    )
    world.add_app(
        App(
            "facebook",
            number_for(seed, "facebook app", digits=16),
            secret(seed, "fb secret", length=32).lower(),
        )
    )
    world.add_person(Person("facebook", ADMIN_ID, "robin.ashgrove", "Robin Ashgrove"))
    accounts = [new_account(world, "x", handle, name) for handle, name in X_ACCOUNTS]
    accounts.append(new_account(world, "facebook", *PAGE))
    now = world.clock()
    for account in accounts:
        publish_posts(world, account, now)
    world.store.commit()


def publish_posts(world: World, account: BrandAccount, now: int) -> None:
    """Publish posts of the last two days for customers to comment on."""
    person = world.people[f"{account.network}:{account.remote_id}"]
    for number, text in enumerate(POSTS):
        at = now - (len(POSTS) - number) * 5 * _HOUR_MS
        world.post(Draft(account.network, account, person, text, "brand_post", origin="demo"), at)
