import { AsyncLocalStorage } from 'node:async_hooks';
import { Emitter, tellListeners } from '../../lib/emitter.js';
import { rest } from '../support/fake-time.js';

interface Events {
  told: [event: { n: number }];
  quiet: [];
}

const emitterOf = (): Emitter<Events> => new Emitter<Events>();
const unexpected = (error: unknown): never => {
  throw error;
};

describe('an emitter', () => {
  it('tells each listener, in the order in which they were added', () => {
    const heard: unknown[] = [];
    const emitter = emitterOf()
      .on('told', ({ n }) => heard.push(['first', n]))
      .addListener('told', ({ n }) => heard.push(['second', n]));
    tellListeners(emitter, 'told', [{ n: 1 }], unexpected);
    tellListeners(emitter, 'quiet', [], unexpected);
    expect(heard).toEqual([
      ['first', 1],
      ['second', 1],
    ]);
  });

  it('tells one that was added with once() once, also when the event comes again while it runs', () => {
    const heard: number[] = [];
    const emitter = emitterOf();
    emitter.once('told', ({ n }) => {
      heard.push(n);
      if (n === 1) tellListeners(emitter, 'told', [{ n: 2 }], unexpected);
    });
    tellListeners(emitter, 'told', [{ n: 1 }], unexpected);
    expect(heard).toEqual([1]);
    expect(emitter.listenerCount('told')).toBe(0);
  });

  it('tells what is added or removed meanwhile from the next event on', () => {
    const heard: string[] = [];
    const emitter = emitterOf();
    const second = (): void => void heard.push('second');
    emitter.once('told', () => {
      emitter.off('told', second).on('told', () => heard.push('third'));
    });
    emitter.on('told', second);
    tellListeners(emitter, 'told', [{ n: 1 }], unexpected);
    tellListeners(emitter, 'told', [{ n: 2 }], unexpected);
    expect(heard).toEqual(['second', 'third']);
  });

  it('removes one listener at a time, the last one added, and those that it does not have without a word', () => {
    const heard: string[] = [];
    const listener = (): void => void heard.push('it');
    const emitter = emitterOf().on('told', listener).on('told', listener);
    emitter.removeListener('told', listener).removeListener('quiet', listener);
    expect(emitter.listenerCount('told')).toBe(1);
    tellListeners(emitter, 'told', [{ n: 1 }], unexpected);
    expect(heard).toEqual(['it']);
    emitter.on('quiet', listener).removeAllListeners('told');
    expect([emitter.listenerCount('told'), emitter.listenerCount('quiet')]).toEqual([0, 1]);
    expect(emitter.removeAllListeners().listenerCount('quiet')).toBe(0);
  });

  it('refuses what is no function, where it is given', () => {
    expect(() => emitterOf().on('told', undefined as never)).toThrow(
      'a listener is a function, not undefined',
    );
  });

  it('refuses an event that is never told, if it knows which there are, and adds nothing', () => {
    const emitter = new Emitter<Events>({ of: 'a test', events: ['told', 'quiet'] });
    const heard = jest.fn();
    for (const method of ['on', 'once', 'addListener'] as const) {
      expect(() => emitter[method]('tell' as 'told', heard)).toThrow('a test tells told, quiet');
      expect(emitter[method]('told', heard).listenerCount('told')).toBe(1);
      emitter.off('told', heard);
    }
    expect(emitter.listenerCount('tell' as 'told')).toBe(0);
  });

  it('hands on what a listener throws, and what an async one rejects with, and tells the others', async () => {
    const failed: unknown[] = [];
    const heard: string[] = [];
    const [thrown, rejected] = [new Error('thrown'), new Error('rejected')];
    const emitter = emitterOf()
      .on('told', () => {
        throw thrown;
      })
      .on('told', async () => {
        await Promise.resolve();
        throw rejected;
      })
      .on('told', () => heard.push('last'));
    tellListeners(emitter, 'told', [{ n: 1 }], (error) => failed.push(error));
    expect(heard).toEqual(['last']);
    await rest();
    expect(failed).toEqual([thrown, rejected]);
  });

  it('runs a listener in the context that it was added in', () => {
    const requests = new AsyncLocalStorage<string>();
    const heard: (string | undefined)[] = [];
    const emitter = emitterOf().on('told', () => heard.push(requests.getStore()));
    requests.run('its own', () => emitter.on('told', () => heard.push(requests.getStore())));
    requests.run("somebody else's", () => tellListeners(emitter, 'told', [{ n: 1 }], unexpected));
    expect(heard).toEqual([undefined, 'its own']);
  });
});
