"""
Python runs this first where its path says so. It does for python-thingsdb what users of a cluster have to do themselves.
A call on its way while the collection is taken over is refused, and has done nothing. A node that is away passes calls
on to one that may lag, and joins rooms by what it knows itself.
"""
import asyncio

from thingsdb.client import Client

TRIES = 300
DELAY_S = 0.05

run, join = Client.run, Client._join


async def run_again(self, *args, **options):
    for _ in range(TRIES):
        try:
            return await run(self, *args, **options)
        except LookupError as error:
            if 'no property `lock`' not in str(error) and 'no `room`' not in str(error):
                raise
        await asyncio.sleep(DELAY_S)
    return await run(self, *args, **options)


async def join_again(self, *rooms, **options):
    for _ in range(TRIES):
        joined = await join(self, *rooms, **options)
        if None not in joined:
            break
        await asyncio.sleep(DELAY_S)
    return joined


Client.run, Client._join = run_again, join_again
