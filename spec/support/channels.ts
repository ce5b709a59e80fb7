import { subscribe, unsubscribe } from 'node:diagnostics_channel';

const TRACED = ['acquire', 'hold', 'release'];
const PARTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'];
const PLAIN = ['waiting', 'lost', 'renewal', 'reconnect'];

/** Each channel of the library, by a short name such as `hold:start`, and what is subscribed to. */
const NAMES: readonly (readonly [short: string, name: string])[] = [
  ...TRACED.flatMap((channel) =>
    PARTS.map((part) => [`${channel}:${part}`, `tracing:thingsdb-lock:${channel}:${part}`] as const),
  ),
  ...PLAIN.map((channel) => [channel, `thingsdb-lock:${channel}`] as const),
];

/** What the library publishes, in order. */
export class Channels {
  /** The short names of the channels. */
  readonly told: string[] = [];
  readonly messages: { readonly channel: string; readonly message: unknown }[] = [];
  readonly #subscriptions: (readonly [name: string, handler: (message: unknown) => void])[] = [];

  /** Subscribes to every channel. */
  openAll(): void {
    for (const [channel, name] of NAMES) {
      const handler = (message: unknown): void => {
        this.told.push(channel);
        this.messages.push({ channel, message });
      };
      subscribe(name, handler);
      this.#subscriptions.push([name, handler]);
    }
  }

  /** What was published on one channel, oldest first. */
  all<M>(channel: string): M[] {
    return this.messages.filter((one) => one.channel === channel).map(({ message }) => message as M);
  }

  /** What was published last on one channel. */
  last<M>(channel: string): M {
    const message = this.all<M>(channel).at(-1);
    if (message === undefined) throw new Error(`nothing was published on ${channel}`);
    return message;
  }

  close(): void {
    for (const [name, handler] of this.#subscriptions.splice(0)) unsubscribe(name, handler);
  }
}
