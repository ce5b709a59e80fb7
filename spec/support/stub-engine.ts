import {
  type Engine,
  PushType,
  type RoomKey,
  type Session,
  ThingsError,
  type Wire,
} from '../../lib/embedded/engine/engine.js';

/** An engine that only echoes: what the protocol does with packages is seen without any language behind it. */
export class StubEngine implements Engine {
  readonly sessions = new Set<Session>();
  dropped = 0;
  lastRun: Wire | undefined;
  spun = 0;

  authenticate(session: Session, credentials: Wire): void {
    if (JSON.stringify(credentials) !== '["admin","pass"]') {
      throw new ThingsError(-56, 'invalid username or password');
    }
    this.sessions.add(session);
  }

  query(_session: Session, scope: string, code: string, vars: Wire): Wire | Promise<Wire> {
    if (code === 'raise') return Promise.reject(new ThingsError(-100, 'raised'));
    if (code === 'broken') return Promise.reject(new TypeError('a bug'));
    if (code === 'pending') return new Promise(() => undefined);
    if (code === 'huge') return Promise.resolve('x'.repeat(21 * 1024 * 1024));
    if (code === 'spin') this.#spin();
    if (code === 'later') return new Promise((resolve) => setImmediate(() => resolve('later')));
    return [scope, code, vars];
  }

  /** Longer than one client's turn takes. */
  #spin(): void {
    const startMs = performance.now();
    while (performance.now() - startMs < 60);
    this.spun += 1;
  }

  run(_session: Session, scope: string, procedure: string, args: Wire): Promise<Wire> {
    this.lastRun = args;
    return Promise.resolve([scope, procedure, args]);
  }

  join(session: Session, scope: string, rooms: readonly RoomKey[]): (bigint | null)[] {
    return rooms.map((room) => {
      if (typeof room === 'string') return null;
      session.push(PushType.join, { scope, id: room });
      return room;
    });
  }

  leave(session: Session, scope: string, rooms: readonly RoomKey[]): (bigint | null)[] {
    return rooms.map((room) => {
      if (typeof room === 'string') return null;
      session.push(PushType.leave, { scope, id: room });
      return room;
    });
  }

  emit(session: Session, scope: string, room: RoomKey, event: string, args: Wire, toSelf: boolean): void {
    for (const other of this.sessions) {
      if (toSelf || other !== session) other.push(PushType.emit, { scope, id: room, event, args });
    }
  }

  drop(session: Session): void {
    this.sessions.delete(session);
    this.dropped += 1;
  }

  snapshot(): unknown {
    return undefined;
  }

  restore(): void {
    // Nothing is stored.
  }

  close(): void {
    // No timers.
  }
}
