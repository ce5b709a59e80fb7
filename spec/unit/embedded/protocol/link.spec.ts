import { Faults } from '../../../../lib/embedded/protocol/faults.js';
import { Link, type Socket } from '../../../../lib/embedded/protocol/link.js';
import { ManualClock } from '../../../../lib/testing/manual-clock.js';

const PACKAGE = Buffer.alloc(16 * 1024 * 1024);

/** A client that never reads: everything sent to it waits. */
class StuckSocket implements Socket {
  waitingBytes = 0;
  isDestroyed = false;

  send(bytes: Buffer): void {
    this.waitingBytes += bytes.length;
  }

  sendAndDestroy(): void {
    this.isDestroyed = true;
  }

  destroy(): void {
    this.isDestroyed = true;
  }

  pause(): void {}
  resume(): void {}
}

it.each(['nothing', 'freeze'] as const)(
  'a client that does not read is cut off (with %s ordered)',
  (fault) => {
    const faults = new Faults();
    const socket = new StuckSocket();
    const link = new Link(socket, faults, new ManualClock());
    if (fault === 'freeze') faults.freeze();
    for (let count = 0; count < 4; count += 1) link.send(PACKAGE);
    expect(socket.isDestroyed).toBe(false);
    link.send(PACKAGE);
    expect(socket.isDestroyed).toBe(true);
  },
);

it('a client that does not read is cut off sooner when much waits for the others', () => {
  const socket = new StuckSocket();
  let isCrowded = false;
  const link = new Link(socket, new Faults(), new ManualClock(), () => isCrowded);
  link.send(PACKAGE);
  link.send(PACKAGE);
  expect(socket.isDestroyed).toBe(false);
  isCrowded = true;
  link.send(PACKAGE);
  expect(socket.isDestroyed).toBe(true);
});
