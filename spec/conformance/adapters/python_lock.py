"""The lock of python-thingsdb (thingsdb.misc.lock) as a program for the conformance suite.

It can hold one lock at a time and wait for one at a time, so it takes each order when the one before is done.
"""
import asyncio
import json
import sys
from urllib.parse import urlparse

from thingsdb.client import Client
from thingsdb.misc import lock


class Program:
    def __init__(self):
        self.client = Client()
        self.scope = None
        self.held = {}

    async def open(self, order):
        url = urlparse(order['url'])
        await self.client.connect(url.hostname, url.port or 9200)
        await self.client.authenticate(order['user'], order['password'])
        self.scope = f"//{order['collection']}"
        await lock.setup(self.client, order['collection'])
        return {'features': []}

    async def acquire(self, order):
        # Its time-out is the longest that the lock can be held, in whole seconds.
        timeout = max(1, order['ttl'] // 1000)
        held = lock.lock(self.client, order['names'][0], scope=self.scope, timeout=timeout)
        await held.__aenter__()
        self.held[order['key']] = held
        return {}

    async def release(self, order):
        await self.held.pop(order['key']).__aexit__(None, None, None)

    async def close(self, _order):
        self.client.close()
        await self.client.wait_closed()


async def main():
    program = Program()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        try:
            said = {'result': await getattr(program, order['do'])(order)}
        except Exception as error:
            said = {'error': 'failed', 'message': repr(error)}
        print(json.dumps({'call': order['call'], **said}), flush=True)


asyncio.run(main())
