"""A worker is started with an environment of its own, for a command that does not exist."""

# trait: secrets in a dict of environment variables
# shows: type=FileNotFoundError
# shows: no-such-baker
# shows: BAKERY_SHOP
# shows: shop='north'
# hides: ghp_cinnamon42
# hides: wJalrXUtnFEMI
# hides: berry-pie-6
# hides: redis-jam-5

import subprocess


def environment(shop):
    """What the worker has to know."""
    return {
        "BAKERY_SHOP": shop,
        "GITHUB_TOKEN": "ghp_cinnamon42",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
        "PGPASSWORD": "berry-pie-6",
        "REDIS_URL": "redis://:redis-jam-5@cache:6379/0",
    }


def command(shop):
    """What the worker is."""
    return ["no-such-baker", shop]


def start(shop):
    variables = environment(shop)
    subprocess.run(command(shop), env=variables, check=True)


start("north")
