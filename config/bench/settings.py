"""Settings of the benches' web processes: the product's, with the floor's pages added."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "config.bench.urls"
