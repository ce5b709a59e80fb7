import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Emitter } from '../../../lib/emitter.js';
import type { ErrorEvent, LockEvents } from '../../../lib/events.js';
import { EventRelay } from '../../../lib/manager/event-relay.js';

const INFO = { collection: 'lock', prefix: '', owner: 'me' };
const event = { name: 'my-lock', names: ['my-lock'], fencingToken: 1 };

describe('EventRelay', () => {
  let lock: Emitter<LockEvents>;
  let manager: Emitter<LockEvents>;
  let heard: string[];
  const hear = (who: string) => (): void => void heard.push(who);

  beforeEach(() => {
    lock = new Emitter();
    manager = new Emitter();
    heard = [];
  });

  it('tells every emitter in turn, with one and the same event', () => {
    const events: unknown[] = [];
    manager.on('released', hear('manager')).on('released', (payload) => events.push(payload));
    lock.on('released', hear('lock')).on('released', (payload) => events.push(payload));
    new EventRelay(INFO, lock, manager).tell('released', event);
    expect(heard).toEqual(['lock', 'manager']);
    expect(events[0]).toBe(event);
    expect(events[1]).toBe(event);
  });

  it('does nothing when nobody listens, not even to `error`', () => {
    const relay = new EventRelay(INFO, lock, manager);
    expect(() => relay.tell('error', { error: new Error('unheard') })).not.toThrow();
  });

  it('says of an event with a channel whether anybody is subscribed', () => {
    const relay = new EventRelay(INFO, lock, manager);
    const heard = jest.fn();
    expect(relay.isHeard('extended')).toBe(false);
    subscribe('thingsdb-lock:renewal', heard);
    expect([relay.isHeard('extended'), relay.isHeard('released')]).toEqual([true, false]);
    unsubscribe('thingsdb-lock:renewal', heard);
    expect(relay.isHeard('extended')).toBe(false);
  });

  it('calls one added with once() once', () => {
    lock.on('released', hear('each')).once('released', hear('once'));
    const relay = new EventRelay(INFO, lock);
    relay.tell('released', event);
    relay.tell('released', event);
    expect(heard).toEqual(['each', 'once', 'each']);
  });

  describe('a listener that throws', () => {
    const thrown = new Error('from a listener');
    const fail = (): never => {
      throw thrown;
    };

    it('is told as `error`, with the name of the lock', () => {
      const errors: ErrorEvent[] = [];
      lock.on('released', fail).on('error', (payload) => errors.push(payload));
      new EventRelay(INFO, lock, manager).tell('released', event);
      expect(errors).toEqual([{ name: 'my-lock', error: thrown }]);
    });

    it('keeps neither the next emitter from being told nor the caller from going on', () => {
      lock.on('released', fail);
      manager.on('released', hear('manager'));
      expect(() => new EventRelay(INFO, lock, manager).tell('released', event)).not.toThrow();
      expect(heard).toEqual(['manager']);
    });

    it('does not keep the other listeners of the same emitter from being told', () => {
      lock.on('released', fail).on('released', hear('second'));
      new EventRelay(INFO, lock, manager).tell('released', event);
      expect(heard).toEqual(['second']);
    });

    it('to `error` is told as a warning of the process, whatever it throws', () => {
      const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      lock.on('error', fail);
      manager.on('error', () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- listeners throw what they like
        throw 'just text';
      });
      new EventRelay(INFO, lock, manager).tell('error', { error: new Error('first') });
      expect(warn.mock.calls.map(([warning]) => warning)).toEqual([thrown, 'just text']);
      warn.mockRestore();
    });

    it('to an event as well as to `error` ends in a warning, not in a loop', () => {
      const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      lock.on('released', fail).on('error', fail);
      manager.on('released', fail).on('error', fail);
      expect(() => new EventRelay(INFO, lock, manager).tell('released', event)).not.toThrow();
      expect(warn).toHaveBeenCalled();
      expect(warn.mock.calls.length).toBeLessThanOrEqual(4);
      warn.mockRestore();
    });
  });
});
