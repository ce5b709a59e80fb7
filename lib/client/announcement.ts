/**
 * The package that is sent byte by byte before it is known what it will ask for; announcer.ts says why.
 *
 * It runs one procedure, whose first argument is padding: its bytes are what is sent ahead. Its last argument is padding
 * too, and fills the package up to the length in its header:
 *
 *     header | [scope, procedure, [padding, ...arguments, filling]]
 */
import { Buffer } from 'node:buffer';
import type { AnnouncedRuns } from './announcing-client.js';
import { MessagePackWriter } from './message-pack-writer.js';
import { HEADER_BYTES, writeHeader } from './package-codec.js';
import { PackageType } from './package-type.js';

/** So many acknowledgements can be sent between two requests before one that does nothing must be sent. */
const PADDING_BYTES = 256;
/** For the arguments and the filling. With all else the package still fits into one segment of an Ethernet network. */
const ROOM_BYTES = 768;
const ZEROS = new Uint8Array(Math.max(PADDING_BYTES, ROOM_BYTES));

const writer = new MessagePackWriter();

/** What the packages of one procedure have in common. */
export class AnnouncedForm {
  readonly #runs: AnnouncedRuns;
  readonly #prefix: Buffer;

  /** @throws LockProtocolError if MessagePack cannot carry the idle arguments */
  constructor(runs: AnnouncedRuns) {
    this.#runs = runs;
    const { scope, procedure, idle } = runs;
    writer.restart(HEADER_BYTES);
    writer.list(3);
    writer.write(scope);
    writer.write(procedure);
    writer.list(idle.length + 2);
    writer.binary(PADDING_BYTES);
    writer.raw(ZEROS.subarray(0, PADDING_BYTES));
    this.#prefix = writer.take();
    writer.restart();
    for (const argument of idle) writer.write(argument);
    if (writer.length >= ROOM_BYTES) throw new RangeError(`the idle arguments take ${writer.length} bytes`);
  }

  /** The arguments behind the padding, if a package of this form can carry this request. */
  argumentsOf(type: number, body: unknown): readonly unknown[] | undefined {
    if (type !== PackageType.run || !Array.isArray(body)) return undefined;
    const [scope, procedure, args] = body as unknown[];
    const runs = this.#runs;
    if (scope !== runs.scope || !Array.isArray(args) || args.length !== runs.idle.length + 1)
      return undefined;
    const isOfForm = procedure === runs.procedure || runs.insteadOf.includes(procedure as string);
    return isOfForm ? args.slice(1) : undefined;
  }

  begin(id: number): Announcement {
    return new Announcement(this.#prefix, id, this.#runs.idle);
  }
}

/** One package whose beginning is sent before it is known what it will ask for. */
export class Announcement {
  readonly id: number;
  readonly #bytes: Buffer;
  readonly #idle: readonly unknown[];
  #sent = 0;

  constructor(prefix: Buffer, id: number, idle: readonly unknown[]) {
    this.id = id;
    this.#idle = idle;
    // A copy: what has been given to the socket may not have been sent when the next one is begun.
    this.#bytes = Buffer.from(prefix);
    writeHeader(this.#bytes, id, PackageType.run, prefix.length + ROOM_BYTES - HEADER_BYTES);
  }

  /** Whether all that could be sent ahead has been. */
  get isUsedUp(): boolean {
    return this.#sent === this.#bytes.length;
  }

  /** The next byte to send. */
  next(): Uint8Array {
    return this.#bytes.subarray(this.#sent, ++this.#sent);
  }

  /**
   * What is left of the package, with these arguments; `undefined` if they are too long for it.
   *
   * @throws LockProtocolError if MessagePack cannot carry them
   */
  complete(args: readonly unknown[]): Buffer | undefined {
    writer.restart();
    writer.raw(this.#bytes.subarray(this.#sent));
    const start = writer.length;
    for (const argument of args) writer.write(argument);
    const fillingBytes = ROOM_BYTES - (writer.length - start);
    if (fillingBytes < 1) return undefined;
    fill(fillingBytes);
    return writer.take();
  }

  /** What is left of the package, to ask for nothing. */
  completeIdle(): Buffer {
    return this.complete(this.#idle) as Buffer;
  }
}

/** One value that takes just so many bytes. */
function fill(size: number): void {
  if (size === 1) return writer.write(null);
  if (size === 2) return writer.binary(0);
  // A head of three bytes, also where a shorter one could say it. So every size can be had.
  const rest = size - 3;
  writer.raw(Uint8Array.of(0xc5, rest >> 8, rest & 0xff));
  writer.raw(ZEROS.subarray(0, rest));
}
