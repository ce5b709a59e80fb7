/** Where a server is. Plain data: it goes to other processes. */
export interface ServerPlace {
  /** Of ThingsDB those of both transports, and of all nodes, in order of preference. */
  readonly urls: readonly string[];
  readonly auth?: { readonly username: string; readonly password: string } | undefined;
}

export type ServerName = 'thingsdb' | 'thingsdb-cluster' | 'embedded' | 'redis' | 'postgresql' | 'etcd';

export interface AcquireOptions {
  /** How long the lease lasts, in milliseconds, for systems that have leases. */
  readonly ttlMs: number;
  /** Whether the lease is renewed while it is held, for systems that do. */
  readonly renew: boolean;
  /** How long a released lease may stay with its process, for systems that can do that. */
  readonly lingerMs?: number | undefined;
}

export interface HeldLock {
  release(): Promise<unknown>;
}

/** What a session has asked of its server so far and was told by it unasked. */
export interface Traffic {
  readonly requests: number;
  readonly pushes: number;
}

/** A client of the server, as a process that uses locks would open it: one connection. */
export interface LockSession {
  /** Waits as long as it takes. */
  acquire(name: string, options: AcquireOptions): Promise<HeldLock>;
  /** The smallest change that the server can make, on the connection that the locks use. */
  readonly bareChange?: (() => Promise<unknown>) | undefined;
  readonly traffic?: (() => Traffic) | undefined;
  close(): Promise<void>;
}

/** How a kind of lock is opened, in the process that measures it. */
export interface LockAdapter {
  /** @throws Unavailable if this machine or this version cannot */
  open(place: ServerPlace, space: string): Promise<LockSession>;
}

/** A kind of lock, as the harness sees it. */
export interface LockSystem {
  readonly id: string;
  readonly title: string;
  readonly server: ServerName;
  /** The program that measures it: Node's with an adapter of this id, or Python's. */
  readonly program: 'node' | 'python';
  /** One of ours: its figures are compared with the others'. */
  readonly isOurs?: boolean;
  /** A client that calls procedures and does nothing else: no renewals, no questions, no repeats. */
  readonly isProceduresOnly?: boolean;
  /** Its spaces are collections of ThingsDB. */
  readonly usesThingsDB?: boolean;
  /** The setup of the Python lock makes its spaces. */
  readonly isSetUpByPython?: boolean;
  /** A session waits for one name at a time. So each waiter needs a session of its own, and a connection. */
  readonly oneWaitPerSession?: boolean;
  /** Waiters of a second name are not woken while another name is waited for, too. */
  readonly oneContendedName?: boolean;
  /** There are no leases: a lock ends with the connection of its holder. */
  readonly endsWithConnection?: boolean;
  /** What a reader must know to judge the figures. */
  readonly note: string;
}
