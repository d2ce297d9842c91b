"""Settings, URLs, Celery, embedded servers and commands: everything that starts and configures Horseshoe.

May import: every room; holds no domain logic.
A new setting goes into `settings`, a new process of `up` into `up`, a new bench into `bench`.

Every process imports this package before it reads its first time zone. So here `zoneinfo` is set to read the pinned
package `tzdata` alone: the system's files, which it would read first, are as old as the machine.
"""

import zoneinfo

zoneinfo.reset_tzpath(to=())
zoneinfo.ZoneInfo.clear_cache()
