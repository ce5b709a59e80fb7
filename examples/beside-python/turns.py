"""Takes turns with turns.ts at writing a diary: whose turn it is reads the last number and writes down the next one.

    pip install python-thingsdb
    npx thingsdb-lock dev-server                        # or any ThingsDB, named by THINGSDB_URL
    python3 examples/beside-python/turns.py             # and in another terminal:
    node --import tsx examples/beside-python/turns.ts

The diary is diary.txt; another path may be given. Were both at it at once, there would be two lines of one number.
"""
import asyncio
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from thingsdb.client import Client
from thingsdb.misc import lock

DIARY = Path(sys.argv[1] if len(sys.argv) > 1 else 'diary.txt')
TURNS = 5

url = urlsplit(os.environ.get('THINGSDB_URL', 'thingsdb://127.0.0.1:9200'))
host, port = url.hostname, url.port or 9200
token = os.environ.get('THINGSDB_TOKEN')
user = os.environ.get('THINGSDB_USER', 'admin')
password = os.environ.get('THINGSDB_PASSWORD', 'pass')
collection = os.environ.get('THINGSDB_COLLECTION', 'lock')


async def write_entry():
    lines = DIARY.read_text().splitlines() if DIARY.exists() else []
    number = int(lines[-1].split()[0]) if lines else 0
    await asyncio.sleep(0.1)  # simulate some work
    with DIARY.open('a') as diary:
        diary.write(f'{number + 1} Python\n')
    print(f'{number + 1} written by Python', flush=True)


async def main():
    client = Client()
    await client.connect(host, int(port))
    await client.authenticate(token or (user, password))
    try:
        await lock.setup(client, collection)
        for _ in range(TURNS):
            # Python's time-out ends the hold after 30 seconds, whatever goes on.
            async with lock.lock(client, 'diary', scope=f'//{collection}', timeout=30):
                await write_entry()
    finally:
        client.close()
        await client.wait_closed()


asyncio.run(main())
