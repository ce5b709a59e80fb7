/** What is done to the processes, the network and the server, and how it is called in the tables. */
export const FAULT_TITLES = {
  'kill-holder': 'holder killed (SIGKILL)',
  'kill-waiter': 'waiter killed (SIGKILL)',
  'stop-holder': 'holder stopped beyond its ttl (SIGSTOP)',
  'stop-waiter': 'waiter stopped (SIGSTOP)',
  'stop-any': 'process stopped for 0.3 to 1.5 s, whatever it does (SIGSTOP)',
  'freeze-server': 'server frozen',
  'freeze-network': 'network of all clients stands still',
  restart: 'server restarted, nothing lost',
  'restart-with-loss': 'server killed, last changes lost',
  cut: 'connection cut',
  'half-open': 'connection half-open (one direction dropped)',
  silence: 'connection silent (everything on it is lost, and no end is seen)',
  delay: 'connection delayed',
  'step-clock': "client's clock stepped",
  'restart-node': 'one node of several restarted',
  'kill-node': 'one node of several killed',
  'hang-node': 'one node of several hangs (SIGSTOP)',
  'isolate-node': 'one node of several cut off from the clients',
  'node-crashed': 'node crashed by itself',
  standstill: 'no change made for a while, by itself',
} as const;

export type FaultKind = keyof typeof FAULT_TITLES;

/** Those that the seed orders. */
export type OrderedFault = Exclude<FaultKind, 'node-crashed' | 'standstill'>;

/** Of one node of several, whose changes under way may be lost with it. */
export const NODE_ENDS = [
  'kill-node',
  'restart-node',
  'hang-node',
] as const satisfies readonly OrderedFault[];

/** What servers do of their own accord. */
export const OWN_FAULTS: ReadonlySet<FaultKind> = new Set(['node-crashed', 'standstill']);

export function isOrderedFault(kind: string): kind is OrderedFault {
  return kind in FAULT_TITLES && !OWN_FAULTS.has(kind as FaultKind);
}

/** In which the server, or the way of all to it, does not work. */
export const GLOBAL_FAULTS: ReadonlySet<FaultKind> = new Set([
  'freeze-server',
  'freeze-network',
  'restart',
  'restart-with-loss',
  'restart-node',
  'kill-node',
  'hang-node',
  'isolate-node',
  'node-crashed',
  'standstill',
]);
