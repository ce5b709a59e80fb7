/**
 * The least that a client of docs/PROTOCOL.md can be: exclusive locks, without renewal, over one connection.
 *
 *     bare-client.ts [WRONG]
 *
 * WRONG makes it do one thing wrong, so that the suite can be seen to find it: `enters-at-once`, `polls`, `believes-pushes`,
 * `acknowledges-nothing`, `repeats-tokens`, `releases-always`, `leaves-its-requests`.
 */
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { clientFor } from '../../../lib/client/open-client.js';
import type { PackageClient } from '../../../lib/client/package-client.js';
import type { Login, OrderMessage, Said, Terms } from '../messages.js';

type Answer = readonly [told: number, first: number, second: number];
type Batch = readonly [at: number, room: number, answers: readonly Answer[]];

const WAITING = 1;
const HELD = 2;
const EMIT = 8;
const WRONG = process.argv[2];

interface Request {
  readonly id: string;
  readonly name: string;
  readonly number: number;
  readonly granted: (token: number) => void;
  isWaiting: boolean;
}

function say(said: Said): void {
  process.stdout.write(`${JSON.stringify(said)}\n`);
}

class BareClient {
  readonly #client: PackageClient;
  readonly #scope: string;
  readonly #inbox = randomBytes(16).toString('hex');
  readonly #requests = new Map<string, Request>();
  #numbers = 0;
  #room: number | undefined;

  constructor({ url, collection }: Login) {
    this.#client = clientFor(url);
    this.#scope = `//${collection}`;
  }

  async open({ user, password }: Login): Promise<void> {
    await this.#client.connect();
    await this.#client.auth(user, password);
    this.#client.addEventListener((type, message) => {
      if (type !== EMIT) return;
      const { id, event, args } = message as { id: number; event: string; args: unknown[] };
      if (id === this.#room) this.#pushed(event, args);
    });
  }

  async acquire(key: string, { names, ttl }: Terms): Promise<{ token: number }> {
    if (WRONG === 'enters-at-once') return { token: Date.now() };
    const [name = ''] = names;
    return new Promise((resolve, reject) => {
      const request: Request = {
        id: randomBytes(16).toString('hex'),
        name,
        number: ++this.#numbers,
        isWaiting: true,
        granted: (token) => {
          request.isWaiting = false;
          resolve({ token: WRONG === 'repeats-tokens' ? 1 : token });
        },
      };
      this.#requests.set(key, request);
      this.#ask(request, ttl).catch(reject);
    });
  }

  async release(key: string): Promise<boolean> {
    const request = this.#requests.get(key);
    this.#requests.delete(key);
    if (request === undefined) return true;
    const [, was] = await this.#batch(['release', request.name, request.id]);
    return WRONG === 'releases-always' || was === HELD;
  }

  async close(): Promise<void> {
    if (WRONG === 'leaves-its-requests') return;
    while (await this.#client.run(this.#scope, 'lock_close', [this.#inbox]));
    await this.#client.disconnect();
  }

  async #ask(request: Request, ttl: number): Promise<void> {
    const { name, id, number } = request;
    if (WRONG === 'polls') {
      let answer = await this.#batch(['try', id, number, name, ttl, 1, 1]);
      while (answer[0] !== HELD) {
        await pause(5);
        answer = await this.#batch(['try', id, number, name, ttl, 1, 1]);
      }
      return request.granted(answer[2]);
    }
    const isFirst = this.#room === undefined;
    const [told, askAt, token] = await this.#batch(['acquire', id, number, name, ttl, 1, 1]);
    if (told === HELD) return request.granted(token);
    if (told !== WAITING) throw new Error(`acquire was answered ${told}`);
    // What was told before this process was in the room is asked for.
    if (isFirst) await this.#check(request);
    else this.#checkAt(request, askAt);
  }

  #check(request: Request): Promise<void> {
    return this.#askedOf(request, ['check', request.name, request.id, true]);
  }

  /** A check, or an acknowledgement, which may come too late: then the request waits again. */
  async #askedOf(request: Request, operation: readonly unknown[]): Promise<void> {
    const [told, askAt, token] = await this.#batch(operation);
    if (!request.isWaiting) return;
    if (told === HELD) request.granted(token);
    else if (told === WAITING) this.#checkAt(request, askAt);
  }

  #checkAt(request: Request, us: number): void {
    const timer = setTimeout(() => void this.#check(request), Math.max(10, us / 1000 - Date.now()));
    timer.unref();
  }

  #pushed(event: string, args: readonly unknown[]): void {
    if (event === 'alive') return this.#alive();
    const request = [...this.#requests.values()].find(({ number }) => number === args[0]);
    if (request === undefined) return;
    if (event === 'granted') this.#granted(request, args[1], args[2] as number);
    else if (event === 'ask') this.#checkAt(request, args[2] as number);
  }

  #granted(request: Request, proof: unknown, token: number): void {
    if (WRONG === 'believes-pushes' || WRONG === 'acknowledges-nothing') return request.granted(token);
    if (!request.isWaiting || proof !== request.id.slice(0, 16)) return;
    // Only the answer says that the grant was heard in time.
    void this.#askedOf(request, ['acknowledge', request.name, request.id]);
  }

  #alive(): void {
    for (const request of this.#requests.values()) if (request.isWaiting) void this.#check(request);
  }

  async #batch(operation: readonly unknown[]): Promise<Answer> {
    const call = [null, this.#inbox, 'bare client', [operation]];
    const [, room, answers] = (await this.#client.run(this.#scope, 'lock_batch', call)) as Batch;
    if (room !== 0 && this.#room === undefined) {
      this.#room = room;
      await this.#client.join(this.#scope, room);
    }
    return answers[0] as Answer;
  }
}

let opened: BareClient | undefined;

async function obey(order: OrderMessage): Promise<unknown> {
  if (order.do === 'open') {
    opened = new BareClient(order);
    await opened.open(order);
    return { features: ['tokens', 'truth', 'inbox'] };
  }
  if (opened === undefined) throw new Error('open comes first');
  switch (order.do) {
    case 'acquire':
      return opened.acquire(order.key, order);
    case 'release':
      return opened.release(order.key);
    case 'close':
      await opened.close();
      setImmediate(() => process.exit());
      return null;
    default:
      throw new Error(`it cannot ${order.do}`);
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line) as OrderMessage;
  obey(order).then(
    (result) => say({ call: order.call, result }),
    (error: unknown) => say({ call: order.call, error: 'failed', message: String(error) }),
  );
});
