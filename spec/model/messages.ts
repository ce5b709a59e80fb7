import type { Message } from './lock-state.js';
import { type Heard, ROOM_GONE } from './subject.js';

/** What was told, to whom the rooms are. */
export function messagesOf(heard: readonly Heard[], rooms: ReadonlyMap<number, string>): Message[] {
  return heard
    .filter(({ event }) => event !== ROOM_GONE)
    .map(({ room, event, args }) => ({ to: rooms.get(room) ?? `room ${room}`, event, args }));
}

export function roomsGone(heard: readonly Heard[]): number[] {
  return heard.flatMap(({ event, room }) => (event === ROOM_GONE ? [room] : [])).sort();
}

/**
 * By who is told of what: in one change several may be told, and the server chooses who first. What is told of one
 * ticket, or of one name to those who watch it, stays in order.
 */
export function byReader(messages: readonly Message[]): Message[] {
  const reader = ({ to, args }: Message): string => `${to} ${args[0]}`;
  return [...messages].sort((a, b) => (reader(a) < reader(b) ? -1 : reader(a) > reader(b) ? 1 : 0));
}

/** Which field of an event is the server's time; of all others, which are told to those who watch, the seventh. */
const TIME_IN: Readonly<Record<string, number>> = { granted: 3, ask: 1 };

export function timesToldIn(heard: readonly Heard[]): number[] {
  return heard.flatMap(({ event, args }) => args[TIME_IN[event] ?? 6] ?? []).map(Number);
}
