"""One process that uses python-thingsdb as its users do. Driven by lines on stdin, tells what it did on stdout.

    python-worker.py PORT

Commands: setup | acquire NAME TIMEOUT | release | locked NAME | quit
"""
import asyncio
import sys

from thingsdb.client import Client
from thingsdb.misc import lock


def say(*words):
    print(*words, flush=True)


async def main():
    loop = asyncio.get_running_loop()
    client = Client()
    await client.connect('127.0.0.1', int(sys.argv[1]))
    await client.authenticate('admin', 'pass')
    say('ready')
    held = None
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        command, *args = line.split() or ['quit']
        if command == 'setup':
            await lock.setup(client)
            say('done')
        elif command == 'acquire':
            held = lock.lock(client, args[0], timeout=int(args[1]))
            await held.__aenter__()
            say('held')
        elif command == 'release':
            await held.__aexit__(None, None, None)
            say('released')
        elif command == 'locked':
            say(await lock.locked(client, args[0]))
        else:
            break
    client.close()
    await client.wait_closed()


asyncio.run(main())
