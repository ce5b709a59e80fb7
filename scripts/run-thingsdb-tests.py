"""Runs ThingsDB's own integration tests against a real node and against the embedded ThingsDB, side by side.

    python3 scripts/run-thingsdb-tests.py ITEST [--node BINARY] [--only TEXT] [--verbose] [FILE ...]

ITEST is the folder `itest` of a fetched ThingsDB, of the version that the embedded server follows. Nothing of it is
part of this project: its tests are run where they are. BINARY is a ThingsDB that was built from the same sources;
without it the embedded server alone is asked. FILE is a name without `.py`; without any, those below are run.

Each test gets a server of its own, with an empty collection `stuff`. All nodes that a test wants are that one server,
and one that is shut down goes on: a test that needs more fails on the node as well. What passes on the node is the
yardstick. `npm run build` first; Python needs python-thingsdb, psutil, pytz and requests.
"""
import argparse
import asyncio
import importlib
import inspect
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import unittest

FILES = """
    test_operators test_math test_statements test_syntax test_index_slice test_arguments test_dict test_nested
    test_procedures test_future test_enum test_tasks test_room test_restriction test_datetime test_types test_wrap
    test_wrap_tree test_ano test_type test_collection_functions test_advanced test_thingsdb_functions test_scopes
    test_simple test_whitelist test_import test_relations test_user_access test_variable
""".split()

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EMBEDDED = ['node', os.path.join(ROOT, 'dist/cjs/cli/main.js'), 'dev-server']
START_SECONDS = 20
# A port that was free may be taken by somebody else before the server has it.
STARTS = 3
TEST_SECONDS = 30


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Server:
    """A server in a process of its own, reachable at `port` inside the `with` block."""

    def __init__(self, binary=None, embedded=EMBEDDED):
        self.binary = binary
        self.embedded = embedded
        self.folder = None

    def _start(self):
        self.port = free_port()
        if self.binary is None:
            command = [*self.embedded, '--port', '0', '--tcp-port', str(self.port)]
            environment = os.environ
        else:
            command = [self.binary, '--init']
            environment = self._node_environment()
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _node_environment(self):
        self.folder = tempfile.mkdtemp(prefix='thingsdb-')
        settings = {
            'LISTEN_CLIENT_PORT': self.port,
            'LISTEN_NODE_PORT': free_port(),
            'BIND_CLIENT_ADDR': '127.0.0.1',
            'BIND_NODE_ADDR': '127.0.0.1',
            'NODE_NAME': '127.0.0.1',
            'HTTP_API_PORT': 0,
            'HTTP_STATUS_PORT': 0,
            'STORAGE_PATH': os.path.join(self.folder, 'data'),
            'MODULES_PATH': os.path.join(self.folder, 'modules'),
        }
        os.mkdir(settings['STORAGE_PATH'])
        os.mkdir(settings['MODULES_PATH'])
        return {**os.environ, **{f'THINGSDB_{k}': str(v) for k, v in settings.items()}}

    def __enter__(self):
        for _ in range(STARTS):
            self._start()
            deadline = time.monotonic() + START_SECONDS
            while time.monotonic() < deadline and self.process.poll() is None:
                try:
                    socket.create_connection(('127.0.0.1', self.port), 0.2).close()
                    return self
                except OSError:
                    time.sleep(0.02)
            self.__exit__()
        raise RuntimeError('the server does not start')

    def __exit__(self, *_):
        # A node that is asked to stop takes seconds to write its data down.
        self.process.kill()
        self.process.wait()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def stand_in(port):
    """A class in place of the tests' Node: each of them is the server that listens on `port`."""

    async def nothing(*_args, **_options):
        pass

    class StandIn:
        use_ssl = False

        def __init__(self, n, _title, **_options):
            self.n = n
            self.port = self.listen_client_port = port
            self.address_info = ('127.0.0.1', port)

        def __getattr__(self, name):
            if name in ('write_config', 'start', 'kill', 'version'):
                return lambda *_args, **_options: None
            if name in ('init', 'run', 'init_and_run', 'join', 'join_until_ready', 'wait_join', 'shutdown',
                        'expect', 'wait_nodes_ready', 'terminate'):
                return nothing
            raise AttributeError(name)

    return StandIn


def run_one(library, test_class, name, server):
    """`None` if the test passes; else where and why it fails."""
    from lib.client import get_client

    async def only(self, *args, **kwargs):
        client = await get_client(self.node0, auto_reconnect=False)
        # As the tests' own runner makes it; the embedded server has the collection, a fresh node too.
        await client.query(
            "try(del_collection('stuff')); new_collection('stuff'); set_default_deep('//stuff', 1);", scope='@t')
        client.close()
        await client.wait_closed()
        await getattr(self, name)(*args, **kwargs)

    async def nothing(*_args, **_options):
        pass

    library.Node = stand_in(server.port)
    test = test_class()
    if name != 'async_run':
        test.run_tests = only.__get__(test)
    test.wait_nodes_ready = test.wait_nodes_stored = nothing
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)
    try:
        loop.run_until_complete(asyncio.wait_for(test.async_run(), TEST_SECONDS))
        return None
    except asyncio.TimeoutError:
        return f'no end after {TEST_SECONDS} seconds'
    except BaseException as error:
        frames = traceback.extract_tb(error.__traceback__)
        frame = next((f for f in reversed(frames) if f.filename.endswith(f'{test_class.__module__}.py')), frames[-1])
        text = ' '.join(f'{type(error).__name__}: {error}'.split())
        return f'line {frame.lineno} {text[:300]}'
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def tests_in(module):
    for _, test_class in inspect.getmembers(module, inspect.isclass):
        if test_class.__module__ != module.__name__ or not issubclass(test_class, unittest.TestCase):
            continue
        names = [name for name, function in test_class.__dict__.items()
                 if name.startswith('test_') and asyncio.iscoroutinefunction(function)]
        # Some have all of it in one.
        for name in names or ['async_run']:
            yield test_class, name


def run_file(library, name, options):
    """How many tests the file has, how many pass on the node, and how many of those on the embedded server."""
    counts = {'tests': 0, 'node': 0, 'embedded': 0}
    for test_class, test in tests_in(importlib.import_module(name)):
        if options.only not in test:
            continue
        counts['tests'] += 1
        if options.node is not None:
            with Server(binary=options.node) as server:
                why = run_one(library, test_class, test, server)
            if why is not None:
                if options.verbose:
                    print(f'{name}.{test} fails on the node: {why}', flush=True)
                continue
            counts['node'] += 1
        with Server(embedded=options.embedded.split()) as server:
            why = run_one(library, test_class, test, server)
        if why is None:
            counts['embedded'] += 1
        else:
            print(f'{name}.{test} fails: {why}', flush=True)
    return counts


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('itest')
    parser.add_argument('files', nargs='*')
    parser.add_argument('--node', help='a ThingsDB binary')
    parser.add_argument('--only', default='', help='run tests with this in their name')
    parser.add_argument('--verbose', action='store_true', help='say what fails on the node, and why')
    parser.add_argument('--embedded', default=' '.join(EMBEDDED), help='starts the embedded server')
    return parser.parse_intermixed_args()


def main():
    options = read_options()
    # The tests look for a binary when they are loaded, and print what they go through.
    os.environ['THINGSDB_BIN'] = options.node or sys.executable
    itest = os.path.abspath(options.itest)
    sys.path.insert(0, itest)
    os.chdir(itest)
    library = importlib.import_module('lib')
    total = {'tests': 0, 'node': 0, 'embedded': 0}
    rows = []
    for name in options.files or FILES:
        counts = run_file(library, name, options)
        rows.append((name, counts))
        for key in total:
            total[key] += counts[key]
        print(f'{name}: {counts}', flush=True)
    print('\n| file | tests | pass on the node | of those on the embedded server |')
    print('| --- | ---: | ---: | ---: |')
    for name, counts in [*rows, ('**all**', total)]:
        node = counts['node'] if options.node is not None else '-'
        print(f"| {name.removeprefix('test_')} | {counts['tests']} | {node} | {counts['embedded']} |")


if __name__ == '__main__':
    main()
