import { etcd3, etcdLock } from './etcd.js';
import type { LockAdapter } from './lock-system.js';
import {
  oursOnThreeNodesOverTcp,
  oursOnThreeNodesOverWebSocket,
  oursOverTcp,
  oursOverWebSocket,
} from './ours.js';
import { ownProcedures } from './own-procedures.js';
import { postgresql } from './postgresql.js';
import { pythonProcedures } from './python-procedures.js';
import { redisSemaphore, redlock, verrou } from './redis.js';

/** By the id of the system in the catalogue. */
export const ADAPTERS: Readonly<Record<string, LockAdapter>> = {
  'ours-tcp': oursOverTcp,
  'ours-ws': oursOverWebSocket,
  'ours-embedded': oursOverTcp,
  'ours-cluster-tcp': oursOnThreeNodesOverTcp,
  'ours-cluster-ws': oursOnThreeNodesOverWebSocket,
  'own-procedures': ownProcedures,
  procedures: pythonProcedures,
  'redis-semaphore': redisSemaphore,
  redlock,
  verrou,
  postgresql,
  etcd3,
  'etcd-lock': etcdLock,
};
