import type { BackEnd } from '../support/back-end.js';
import { LockManager } from '../../lib/index.js';
import { HostileClient } from './hostile-client.js';
import type { Arena } from './round.js';
import type { Sent } from './wire.js';

/** What each hostile user may do on the collection. */
const RIGHTS = {
  service: 'RUN|CHANGE|JOIN',
  runner: 'RUN',
  joiner: 'JOIN',
  reader: 'QUERY',
  nobody: '',
} as const;

const PASSWORD = 'pass';

/** A collection for one round, on a back end; `close` takes it and its users away. */
export class BackEndArena implements Arena {
  readonly scope: string;

  private constructor(
    private readonly backEnd: BackEnd,
    private readonly collection: string,
    readonly clients: ReadonlyMap<string, HostileClient>,
    private readonly honestClient: HostileClient,
    private readonly managers: readonly [LockManager, LockManager],
  ) {
    this.scope = `//${collection}`;
  }

  static async open(backEnd: BackEnd, collection: string): Promise<BackEndArena> {
    const url = backEnd.urls;
    const setup = new LockManager({ url, auth: backEnd.auth, collection });
    await setup.setup();
    await setup.close();
    const clients = new Map<string, HostileClient>();
    for (const [name, rights] of [...Object.entries(RIGHTS), ['honest', RIGHTS.service] as const]) {
      const username = `${name}_${collection}`;
      await makeUser(backEnd, username, collection, rights);
      clients.set(name, await HostileClient.connect(backEnd.tcp, { username, password: PASSWORD }));
    }
    const honest = clients.get('honest') as HostileClient;
    clients.delete('honest');
    const auth = { username: `honest_${collection}`, password: PASSWORD };
    const [one, other] = [1, 2].map(() => new LockManager({ url, auth, collection })) as [
      LockManager,
      LockManager,
    ];
    return new BackEndArena(backEnd, collection, clients, honest, [one, other]);
  }

  query(code: string): Promise<unknown> {
    return this.backEnd.query(code, undefined, this.scope);
  }

  async honest(procedure: string, args: readonly Sent[]): Promise<unknown> {
    const { errorCode, errorText, result } = await this.honestClient.run(this.scope, procedure, args);
    if (errorCode !== undefined)
      throw new Error(`an honest ${procedure} was refused: ${errorCode} ${errorText}`);
    return result;
  }

  async contend(): Promise<number> {
    const [one, other] = this.managers;
    const times: number[] = [];
    const timed = async <T>(step: Promise<T>): Promise<T> => {
      const startMs = performance.now();
      const result = await step;
      times.push(performance.now() - startMs);
      return result;
    };
    const lease = await timed(one.acquire('contended', { ttl: '60s', waitTimeout: '10s' }));
    const waiting = other.acquire('contended', { ttl: '60s', waitTimeout: '10s' });
    await until(async () => (await one.query('contended')).pending.length > 0);
    if (!(await timed(lease.release()))) throw new Error('an honest lease was lost');
    const next = await timed(waiting);
    if (next.fencingToken <= lease.fencingToken) throw new Error('the fencing token did not grow');
    if (!(await timed(next.release()))) throw new Error('an honest lease was lost after a hand-over');
    return Math.max(...times);
  }

  async close(): Promise<void> {
    await Promise.all(this.managers.map((manager) => manager.close()));
    await Promise.all([...this.clients.values(), this.honestClient].map((client) => client.close()));
    await this.backEnd.query('del_collection(name);', { name: this.collection }, '@thingsdb');
    for (const name of [...Object.keys(RIGHTS), 'honest']) {
      await this.backEnd.query('del_user(name);', { name: `${name}_${this.collection}` }, '@thingsdb');
    }
  }
}

async function makeUser(backEnd: BackEnd, name: string, collection: string, rights: string): Promise<void> {
  const code = `new_user(name); set_password(name, password);${rights === '' ? '' : ` grant(scope, name, ${rights});`}`;
  await backEnd.query(code, { name, password: PASSWORD, scope: `//${collection}` }, '@thingsdb');
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!(await holds()))
    if (performance.now() > endMs) throw new Error('an honest request did not come to wait');
}
