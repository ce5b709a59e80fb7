import type { LockSystem } from './lock-system.js';

/** Whoever polls is set to this: faster than any of them by default, so that the polling costs them little. */
export const POLL_MS = 10;

const POLLS = `polls each ${POLL_MS} ms`;

/** All that is measured, in the order of the tables. */
export const SYSTEMS: readonly LockSystem[] = [
  {
    id: 'ours-tcp',
    title: 'thingsdb-lock, TCP',
    server: 'thingsdb',
    program: 'node',
    isOurs: true,
    usesThingsDB: true,
    note: 'a real node; queue, push, fencing token, lease',
  },
  {
    id: 'ours-ws',
    title: 'thingsdb-lock, WebSocket',
    server: 'thingsdb',
    program: 'node',
    isOurs: true,
    usesThingsDB: true,
    note: 'a real node; queue, push, fencing token, lease',
  },
  {
    id: 'ours-embedded',
    title: 'thingsdb-lock, embedded',
    server: 'embedded',
    program: 'node',
    isOurs: true,
    usesThingsDB: true,
    note: 'the server for tests, in a process of its own, over TCP',
  },
  {
    id: 'ours-cluster-tcp',
    title: 'thingsdb-lock, three nodes, TCP',
    server: 'thingsdb-cluster',
    program: 'node',
    isOurs: true,
    usesThingsDB: true,
    note: 'the first of three real nodes, all three given as url',
  },
  {
    id: 'ours-cluster-ws',
    title: 'thingsdb-lock, three nodes, WebSocket',
    server: 'thingsdb-cluster',
    program: 'node',
    isOurs: true,
    usesThingsDB: true,
    note: 'the first of three real nodes, all three given as url',
  },
  {
    id: 'python',
    title: 'thingsdb.misc.lock (Python)',
    server: 'thingsdb',
    program: 'python',
    usesThingsDB: true,
    oneContendedName: true,
    note: 'python-thingsdb over TCP; queue, push, lease without renewal; at most 500 locks, one waited for at a time',
  },
  {
    id: 'procedures',
    title: 'its procedures, bare client',
    server: 'thingsdb',
    program: 'node',
    usesThingsDB: true,
    isSetUpByPython: true,
    oneContendedName: true,
    note: 'the procedures of the Python lock over WebSocket; thingsdb.js if THINGSDB_JS names it, else our client',
  },
  {
    id: 'redis-semaphore',
    title: 'redis-semaphore',
    server: 'redis',
    program: 'node',
    note: `Mutex; ${POLLS}; lease with renewal; no queue, no token`,
  },
  {
    id: 'redlock',
    title: '@sesamecare-oss/redlock',
    server: 'redis',
    program: 'node',
    note: `one Redis; ${POLLS}; lease without renewal; no queue, no token`,
  },
  {
    id: 'verrou',
    title: '@verrou/core',
    server: 'redis',
    program: 'node',
    note: `${POLLS}; lease without renewal; no queue, no token`,
  },
  {
    id: 'postgresql',
    title: 'PostgreSQL advisory lock',
    server: 'postgresql',
    program: 'node',
    oneWaitPerSession: true,
    endsWithConnection: true,
    note: 'pg; queue; no lease, it ends with the connection; a connection for each waiter',
  },
  {
    id: 'etcd3',
    title: 'etcd3 (Node)',
    server: 'etcd',
    program: 'node',
    note: `Lock of etcd3; the caller ${POLLS}; a lease of its own each time, renewed; written to disk`,
  },
  {
    id: 'etcd-lock',
    title: "etcd's lock service",
    server: 'etcd',
    program: 'node',
    oneWaitPerSession: true,
    note: 'v3lock.Lock by gRPC, as etcdctl lock; queue; a lease for each session, renewed; written to disk',
  },
];
