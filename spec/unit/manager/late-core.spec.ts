import { AsyncLocalStorage } from 'node:async_hooks';
import { LockClosedError, LockConnectionError } from '../../../lib/errors.js';
import { LateCore } from '../../../lib/manager/late-core.js';
import type { ManagerCore } from '../../../lib/manager/manager-core.js';
import { resolveManagerOptions } from '../../../lib/options/resolved-manager-options.js';

const options = resolveManagerOptions({ url: 'thingsdb://127.0.0.1:1', auth: { token: 'x' } });
const listener = { connected: jest.fn(), disconnected: jest.fn(), reconnecting: jest.fn() };

/** What is asked of the core, in order. */
let asked: string[];
let mayLoad: (() => void) | undefined;
let mayNotLoad: ((error: Error) => void) | undefined;
const load = jest.fn();

class CoreOfSpec implements Pick<ManagerCore, 'state' | 'assertOpen' | 'drain' | 'close'> {
  readonly state = 'open';
  assertOpen = (): void => undefined;
  drain = (): Promise<boolean> => Promise.resolve(asked.push('drain') === 0);
  close = (): Promise<void> => Promise.resolve(void asked.push('close'));
}

beforeEach(() => {
  asked = [];
  load.mockReset().mockImplementation(
    () =>
      new Promise((resolve, reject) => {
        mayLoad = () => resolve({ ManagerCore: CoreOfSpec });
        mayNotLoad = reject;
      }),
  );
});

const newCore = (): LateCore => new LateCore(options, 'me', listener, load);

/** Settles when the core has been asked. */
const ask = (core: LateCore, what: string): Promise<number> => core.whenLoaded(() => asked.push(what));

it('loads nothing before the first call, and once for all calls', async () => {
  const core = newCore();
  expect(load).not.toHaveBeenCalled();
  const calls = [ask(core, 'a'), ask(core, 'b')];
  mayLoad?.();
  await Promise.all(calls);
  await ask(core, 'c');
  expect(load).toHaveBeenCalledTimes(1);
  expect(asked).toEqual(['a', 'b', 'c']);
});

it('a loaded core is asked at once', async () => {
  const core = newCore();
  const first = ask(core, 'a');
  mayLoad?.();
  await first;
  const second = ask(core, 'b');
  expect(asked).toEqual(['a', 'b']);
  await second;
});

it('no call passes another one, whenever in between it is made', async () => {
  const core = newCore();
  const names: string[] = [];
  const calls: Promise<number>[] = [];
  const next = (): void => {
    const name = String(names.length);
    names.push(name);
    const { loaded } = core;
    calls.push(loaded === undefined ? ask(core, name) : Promise.resolve(asked.push(name)));
  };
  next();
  mayLoad?.();
  // One call in each turn of the microtask queue while the core is loaded, and in many turns after that.
  for (let turn = 0; turn < 40; turn++) {
    next();
    await Promise.resolve();
  }
  await Promise.all(calls);
  expect(core.loaded).toBeDefined();
  expect(asked).toEqual(names);
});

it('a call stays in the asynchronous context of its caller, and the core is in nobody’s', async () => {
  const context = new AsyncLocalStorage<string>();
  let madeIn: string | undefined = 'nowhere';
  load.mockImplementation(() =>
    Promise.resolve({
      ManagerCore: class extends CoreOfSpec {
        constructor() {
          super();
          madeIn = context.getStore();
        }
      },
    }),
  );
  const core = newCore();
  const seen = ['a', 'b'].map((name) => context.run(name, () => core.whenLoaded(() => context.getStore())));
  expect(await Promise.all(seen)).toEqual(['a', 'b']);
  expect(madeIn).toBeUndefined();
});

it('each caller gets an error of its own if the core cannot be loaded, and the next call tries again', async () => {
  const core = newCore();
  const failing = [ask(core, 'a'), ask(core, 'b')].map((call) => call.catch((error: unknown) => error));
  mayNotLoad?.(new Error('no such file'));
  const [one, other] = await Promise.all(failing);
  for (const error of [one, other]) {
    expect(error).toBeInstanceOf(LockConnectionError);
    expect(error).toMatchObject({ cause: { message: 'no such file' } });
  }
  expect(one).not.toBe(other);
  const again = ask(core, 'c');
  mayLoad?.();
  await again;
  expect(asked).toEqual(['c']);
});

describe('who closes', () => {
  it.each(['close', 'drain'] as const)('needs nothing of a core that nobody has used: %s', async (how) => {
    const core = newCore();
    await (how === 'close' ? core.close() : core.drain(0));
    expect(core.state).toBe('closed');
    expect(load).not.toHaveBeenCalled();
    await expect(ask(core, 'a')).rejects.toBeInstanceOf(LockClosedError);
    expect(() => core.loaded).toThrow(LockClosedError);
  });

  it('while it is loaded: those who wait are told so, and the core is closed', async () => {
    const core = newCore();
    const waiting = ask(core, 'a');
    const closed = core.close();
    mayLoad?.();
    await expect(waiting).rejects.toBeInstanceOf(LockClosedError);
    await closed;
    expect(asked).toEqual(['close']);
  });

  it('a core that is loaded hears of it at once', async () => {
    const core = newCore();
    const first = ask(core, 'a');
    mayLoad?.();
    await first;
    void core.close();
    expect(asked).toEqual(['a', 'close']);
  });

  it('a drain comes after the calls that were made before it', async () => {
    const core = newCore();
    const calls = [ask(core, 'a'), core.drain(0), ask(core, 'b')];
    expect(core.state).toBe('draining');
    mayLoad?.();
    await Promise.all(calls);
    expect(asked).toEqual(['a', 'drain', 'b']);
  });

  it.each(['close', 'drain'] as const)('does not hear that it cannot be loaded: %s', async (how) => {
    const core = newCore();
    const failing = ask(core, 'a');
    const closing: Promise<unknown> = how === 'close' ? core.close() : core.drain(0);
    mayNotLoad?.(new Error('no such file'));
    await expect(failing).rejects.toBeInstanceOf(LockConnectionError);
    expect(await closing).toBe(how === 'close' ? undefined : true);
    expect(core.state).toBe('closed');
  });
});

it('shows what its locks share without being loaded', () => {
  const core = newCore();
  expect(core.info).toEqual({ collection: 'lock', prefix: '', owner: 'me' });
  expect(core.shared).toEqual({ clockSkewMs: options.clockSkew, doubtMs: options.requestTimeout });
  expect(load).not.toHaveBeenCalled();
});
