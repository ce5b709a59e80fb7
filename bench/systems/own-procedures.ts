import { TcpClient } from '../../lib/client/tcp-client.js';
import { randomId } from '../../lib/manager/random-id.js';
import { Told } from '../../lib/schema/constants.js';
import { announcedBatch } from '../../lib/schema/lock-procedures.js';
import { setUp } from '../../lib/schema/setup.js';
import type { LockAdapter, LockSession, ServerPlace } from './lock-system.js';
import {
  bareSpace,
  BARE_CHANGE,
  connected,
  REQUEST_TIMEOUT_MS,
  ROOM_EVENT,
  TrafficCounter,
  urlsBy,
} from './thingsdb-client.js';

const OWNER = 'bench';

/** What `lock_change` answers for one operation. */
type Answer = readonly [at: number, room: number, answers: readonly (readonly [told: number, ...number[]])[]];

/**
 * The procedures of the library by a client that does nothing else: it renews nothing, repeats nothing, checks no answer.
 * What is between this and the library is what the library's own client costs.
 */
class ProcedureLocks {
  readonly #client: TcpClient;
  readonly #scope: string;
  readonly #inbox = randomId();
  readonly #turns = new Map<number, () => void>();
  #numbers = 0;
  /** The room that it is in: an inbox that was idle for a minute is made anew, with another. */
  #room: number | undefined;

  constructor(client: TcpClient, space: string) {
    this.#client = client;
    this.#scope = `//${space}`;
    const announced = announcedBatch({ inbox: this.#inbox, owner: OWNER });
    client.announceRuns({ scope: this.#scope, ...announced });
    client.addEventListener((type, message) => {
      if (type !== ROOM_EVENT) return;
      const { event, args } = message as { event: string; args: [number] };
      if (event === 'granted') this.#turns.get(args[0])?.();
    });
  }

  /** Resolves with how to release it. */
  async acquire(name: string, ttlMs: number): Promise<() => Promise<unknown>> {
    const id = randomId();
    const number = ++this.#numbers;
    const turn = new Promise<void>((resolve) => this.#turns.set(number, resolve));
    const [, room, [answer]] = await this.#change(['acquire', id, number, name, ttlMs, 1, 1]);
    if (answer?.[0] === Told.waiting) await this.#wait(room, turn, name, id);
    this.#turns.delete(number);
    return () => this.#change(['release', name, id]);
  }

  async #wait(room: number, turn: Promise<void>, name: string, id: string): Promise<void> {
    if (this.#room !== room) {
      this.#room = room;
      await this.#client.join(this.#scope, room);
      // What was told before it was in the room. A sure question acknowledges a grant, too.
      const [, , [status]] = await this.#change(['check', name, id, true]);
      if (status?.[0] === Told.held) return;
    }
    await turn;
    // Nobody waits for its answer.
    void this.#change(['acknowledge', name, id]);
  }

  #change(operation: readonly unknown[]): Promise<Answer> {
    const args = [null, this.#inbox, OWNER, [operation]];
    return this.#client.run(this.#scope, 'lock_change', args) as Promise<Answer>;
  }
}

async function opened(place: ServerPlace, space: string): Promise<LockSession> {
  const counter = new TrafficCounter();
  const client = new TcpClient(urlsBy('thingsdb', place)[0] ?? '', { requestTimeoutMs: REQUEST_TIMEOUT_MS });
  await connected(counter.watch(client), place.auth);
  client.keepAlive();
  await setUp(client, space);
  const locks = new ProcedureLocks(client, space);
  let change = 0;
  return {
    acquire: async (name, { ttlMs }) => ({ release: await locks.acquire(name, ttlMs) }),
    bareChange: () => client.run(`//${bareSpace(space)}`, BARE_CHANGE, [++change]),
    traffic: () => counter.traffic,
    close: () => client.disconnect(),
  };
}

/** The floor of the library on this server. */
export const ownProcedures: LockAdapter = { open: opened };
