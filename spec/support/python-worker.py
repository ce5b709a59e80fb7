"""One process that uses python-thingsdb as its users do. Driven by lines on stdin, tells what it did on stdout.

    python-worker.py HOST PORT COLLECTION AUTH

AUTH is a list in JSON: user and password, or a token. Commands:

    setup | setup-in-two-steps | acquire NAME TIMEOUT | release | locked NAME | add NAME TIMES SCOPE | quit
"""
import asyncio
import json
import sys

from thingsdb.client import Client
from thingsdb.exceptions import ThingsDBError
from thingsdb.misc import lock


def say(*words):
    print(*words, flush=True)


async def next_line():
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(None, sys.stdin.readline)


async def setup_in_two_steps(client, collection):
    """The library's own setup; between making the collection and filling it, it waits for a line."""
    query = client.query

    async def pausing(code, **options):
        if 'set_type' in code:
            say('made')
            await next_line()
        return await query(code, **options)

    client.query = pausing
    try:
        await lock.setup(client, collection)
        say('done')
    except ThingsDBError as error:
        say('refused', type(error).__name__)
    finally:
        client.query = query


async def add(client, name, scope, times, sum_scope):
    """Adds to a number that it reads first, as two requests: who does so without the lock loses what others add."""
    for _ in range(times):
        async with lock.lock(client, name, scope=scope):
            # By a change: a node of a cluster that lags would tell an older number.
            number = await client.query('wse(); .sum;', scope=sum_scope)
            await client.query('.sum = number;', scope=sum_scope, number=number + 1)


async def main(host, port, collection, auth):
    client = Client()
    await client.connect(host, int(port))
    await client.authenticate(*json.loads(auth))
    scope = f'//{collection}'
    say('ready')
    held = None
    while True:
        command, *args = (await next_line()).split() or ['quit']
        if command == 'setup':
            await lock.setup(client, collection)
            say('done')
        elif command == 'setup-in-two-steps':
            await setup_in_two_steps(client, collection)
        elif command == 'acquire':
            held = lock.lock(client, args[0], scope=scope, timeout=int(args[1]))
            await held.__aenter__()
            say('held')
        elif command == 'release':
            await held.__aexit__(None, None, None)
            say('released')
        elif command == 'locked':
            say(await lock.locked(client, args[0], scope=scope))
        elif command == 'add':
            await add(client, args[0], scope, int(args[1]), args[2])
            say('added')
        else:
            break
    client.close()
    await client.wait_closed()


asyncio.run(main(*sys.argv[1:]))
