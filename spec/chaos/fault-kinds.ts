/** What is done to the processes, the network and the server, and how it is called in the tables. */
export const FAULT_TITLES = {
  'kill-holder': 'holder killed (SIGKILL)',
  'kill-waiter': 'waiter killed (SIGKILL)',
  'stop-holder': 'holder stopped beyond its ttl (SIGSTOP)',
  'stop-waiter': 'waiter stopped (SIGSTOP)',
  'freeze-server': 'server frozen',
  'freeze-network': 'network of all clients stands still',
  restart: 'server restarted, nothing lost',
  'restart-with-loss': 'server killed, last changes lost',
  cut: 'connection cut',
  'half-open': 'connection half-open (one direction dropped)',
  delay: 'connection delayed',
  'step-clock': "client's clock stepped",
  'kill-node': 'one node of several killed',
  'isolate-node': 'one node of several cut off from the clients',
  'node-crashed': 'node crashed by itself',
} as const;

export type FaultKind = keyof typeof FAULT_TITLES;

/** Those that the seed orders; a node crashes of its own accord. */
export type OrderedFault = Exclude<FaultKind, 'node-crashed'>;

/** In which the server, or the way of all to it, does not work. */
export const GLOBAL_FAULTS: ReadonlySet<FaultKind> = new Set([
  'freeze-server',
  'freeze-network',
  'restart',
  'restart-with-loss',
  'kill-node',
  'isolate-node',
  'node-crashed',
]);
