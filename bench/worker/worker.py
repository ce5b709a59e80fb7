"""The process that measures the lock of python-thingsdb: an operation a line on stdin, an answer a line on stdout.

The operations and their answers are those of worker/operations.ts.
"""
import asyncio
import json
import math
import resource
import sys
import time
from urllib.parse import urlsplit

from thingsdb.client import Client
from thingsdb.misc import lock

AT_ONCE = 64
LONG = 60


def now():
    return time.monotonic_ns() / 1e6


def cpu_us():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (used.ru_utime + used.ru_stime) * 1e6


def quantile(values, share):
    at = (len(values) - 1) * share
    low, high = values[math.floor(at)], values[math.ceil(at)]
    return low + (high - low) * (at - math.floor(at))


def seconds(ms):
    return math.ceil(ms / 1000)


class Queue:
    """A queue for one name that stays as long as it is: whoever passes the name on asks for it again."""

    def __init__(self, make):
        self.make = make
        self.held = None
        self.granted = asyncio.Event()
        self.tasks = set()

    def ask(self):
        async def wait():
            held = self.make()
            await held.__aenter__()
            self.held = held
            self.granted.set()
        task = asyncio.ensure_future(wait())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def pass_on(self):
        held = self.held
        self.granted.clear()
        releasing = asyncio.ensure_future(held.__aexit__(None, None, None))
        self.ask()
        await asyncio.gather(self.granted.wait(), releasing)


class Worker:
    def __init__(self):
        self.clients = {}
        self.held = {}
        self.asked = []
        self.queues = {}
        self.change = 0

    async def open(self, system, place, space, sessions):
        tcp = next(url for url in place['urls'] if url.startswith('thingsdb://'))
        address = urlsplit(tcp)
        auth = place.get('auth') or {'username': 'admin', 'password': 'pass'}
        client = Client()
        await client.connect(address.hostname, address.port or 9200)
        await client.authenticate(auth['username'], auth['password'])
        await lock.setup(client, space)
        self.clients[space] = client

    def lock(self, space, name, timeout=LONG):
        return lock.lock(self.clients[space], name, scope=f'//{space}', timeout=timeout)

    async def pace(self, tasks, duration, once):
        times = []
        cpu = cpu_us()
        start = now()

        async def run(task):
            since = start
            while since < start + duration:
                await once(task)
                to = now()
                times.append(to - since)
                since = to

        await asyncio.gather(*(run(task) for task in range(tasks)))
        elapsed = now() - start
        cpu = cpu_us() - cpu
        times.sort()
        return {
            'pairs': len(times), 'elapsedMs': elapsed, 'cpuUs': cpu, 'requests': None,
            'p50Us': quantile(times, 0.5) * 1e3, 'p99Us': quantile(times, 0.99) * 1e3,
        }

    async def pairs(self, space, tasks, durationMs):
        async def once(task):
            async with self.lock(space, f'name {task}'):
                pass
        return await self.pace(tasks, durationMs, once)

    async def bareChanges(self, space, tasks, durationMs):
        client = self.clients[space]

        async def once(task):
            for _ in range(2):
                self.change += 1
                await client.run('bench_change', self.change, scope=f'//{space}_bare')
        return await self.pace(tasks, durationMs, once)

    async def contend(self, space, name, startMs, durationMs):
        await asyncio.sleep(max(0, startMs - now()) / 1e3)
        loop = asyncio.get_running_loop()
        cpu = cpu_us()
        turns = []
        while True:
            asked = now()
            if asked >= startMs + durationMs:
                break
            sent = []
            loop.call_soon(lambda: sent.append(now()))
            async with self.lock(space, name):
                granted = now()
                released = now()
            turns.append([asked, min(sent + [granted]), granted, released])
        return {'turns': turns, 'cpuUs': cpu_us() - cpu, 'requests': None, 'pushes': None}

    async def hold(self, space, names, ttlMs, renew):
        granted = [0] * len(names)
        todo = iter(enumerate(names))

        async def take():
            for index, name in todo:
                held = self.lock(space, name, seconds(ttlMs))
                await held.__aenter__()
                self.held[space, name] = held
                granted[index] = now()

        await asyncio.gather(*(take() for _ in range(min(AT_ONCE, len(names)))))
        return granted

    async def release(self, space, name):
        held = self.held.pop((space, name))
        asked = now()
        await held.__aexit__(None, None, None)
        return asked

    async def ask(self, space, names, ttlMs, renew, thenRelease):
        async def wait(name):
            held = self.lock(space, name, seconds(ttlMs))
            await held.__aenter__()
            granted = now()
            if not thenRelease:
                self.held[space, name] = held
                return {'grantedMs': granted, 'releasedMs': None}
            await held.__aexit__(None, None, None)
            return {'grantedMs': granted, 'releasedMs': now()}

        self.asked += [asyncio.ensure_future(wait(name)) for name in names]

    async def granted(self):
        asked, self.asked = self.asked, []
        return await asyncio.gather(*asked)

    async def queueUp(self, space, name, waiters):
        queue = self.queues[space, name] = Queue(lambda: self.lock(space, name))
        queue.ask()
        await queue.granted.wait()
        for waiter in range(1, waiters + 1):
            queue.ask()
            if waiter % AT_ONCE == 0 or waiter == waiters:
                async with self.lock(space, f'behind {name}'):
                    pass

    async def passOn(self, space, name, times):
        taken = []
        for _ in range(times):
            start = now()
            await self.queues[space, name].pass_on()
            taken.append((now() - start) * 1e3)
        return taken

    async def cpu(self):
        return cpu_us()

    async def memory(self):
        with open('/proc/self/statm') as file:
            pages = int(file.read().split()[1])
        return {'heapBytes': None, 'rssBytes': pages * resource.getpagesize()}

    async def traffic(self, space):
        return None

    async def close(self):
        for client in self.clients.values():
            client.close()


async def obey(worker, order):
    try:
        result = await getattr(worker, order['op'])(**(order.get('args') or {}))
        answer = {'id': order['id'], 'result': result}
    except Exception as error:
        answer = {'id': order['id'], 'error': f'{type(error).__name__}: {error}'}
    print(json.dumps(answer), flush=True)


async def main():
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2 ** 26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    worker = Worker()
    under_way = set()
    while line := await reader.readline():
        order = json.loads(line)
        task = asyncio.ensure_future(obey(worker, order))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        if order['op'] == 'close':
            await task
            break


asyncio.run(main())
