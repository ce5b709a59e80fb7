import { channel, tracingChannel, type Channel, type TracingChannel } from 'node:diagnostics_channel';
import type { LockEvents } from '../events.js';
import type { LockChannels, LockTracingChannels, ManagerInfo } from './messages.js';

function traced<N extends keyof LockTracingChannels>(
  name: N,
): TracingChannel<unknown, LockTracingChannels[N]> {
  return tracingChannel(name);
}

function plain(name: keyof LockChannels): Channel {
  return channel(name);
}

/** Where the library publishes what it does; see docs/EVENTS.md. */
export const channels = {
  acquire: traced('thingsdb-lock:acquire'),
  hold: traced('thingsdb-lock:hold'),
  release: traced('thingsdb-lock:release'),
  reconnect: plain('thingsdb-lock:reconnect'),
};

/** The events that have a channel of their own. */
const ofEvents: { readonly [E in keyof LockEvents]?: Channel } = {
  waiting: plain('thingsdb-lock:waiting'),
  lost: plain('thingsdb-lock:lost'),
  extended: plain('thingsdb-lock:renewal'),
};

/** Whether anybody wants to see how locks are acquired, held and released. */
export function isTraced(): boolean {
  return isHeard(channels.acquire) || isHeard(channels.hold) || isHeard(channels.release);
}

/** Early versions of Node 20 do not tell it of a tracing channel, only of its parts. */
function isHeard({ start, end, asyncStart, asyncEnd, error }: TracingChannel): boolean {
  return (
    start.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers
  );
}

/** Whether anybody is subscribed to the channel of this event. */
export function hasSubscribers(event: keyof LockEvents): boolean {
  return ofEvents[event]?.hasSubscribers === true;
}

/** Publishes an event of a lock, if it has a channel and somebody is subscribed. */
export function publishEvent<E extends keyof LockEvents>(
  manager: ManagerInfo,
  event: E,
  payload: LockEvents[E][0],
): void {
  const own = ofEvents[event];
  if (own?.hasSubscribers === true) own.publish({ manager, ...payload });
}
