const CLOSE = 0x8;
const MASK_BYTES = 4;
/** The end of the request that opens a WebSocket. */
const HEAD_END = '\r\n\r\n';

/** Passes on what a WebSocket client sends, but for the frames by which it says that it closes. */
export class CloseFilter {
  #pending = Buffer.alloc(0);
  #isOpen = false;
  #hasClosed = false;

  /** Whether the client has said that it closes. */
  get hasClosed(): boolean {
    return this.#hasClosed;
  }

  /** What is to be passed on now: whole frames only. */
  push(bytes: Buffer): Buffer {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    const passed: Buffer[] = [];
    for (let size = this.#nextSize(); size !== undefined; size = this.#nextSize()) {
      const isClose = this.#isOpen && ((this.#pending[0] ?? 0) & 0xf) === CLOSE;
      if (isClose) this.#hasClosed = true;
      else passed.push(this.#pending.subarray(0, size));
      this.#pending = this.#pending.subarray(size);
      this.#isOpen = true;
    }
    return Buffer.concat(passed);
  }

  /** The size of what comes next, the opening request or a frame; `undefined` while it is not there as a whole. */
  #nextSize(): number | undefined {
    const size = this.#isOpen ? frameSize(this.#pending) : headSize(this.#pending);
    return size !== undefined && size <= this.#pending.length ? size : undefined;
  }
}

function headSize(bytes: Buffer): number | undefined {
  const end = bytes.indexOf(HEAD_END);
  return end < 0 ? undefined : end + HEAD_END.length;
}

/** RFC 6455, 5.2: two bytes, the length in none, two or eight more, and the mask that all of a client's frames have. */
function frameSize(bytes: Buffer): number | undefined {
  if (bytes.length < 2) return undefined;
  const length = (bytes[1] ?? 0) & 0x7f;
  if (length < 126) return 2 + MASK_BYTES + length;
  if (length === 126) return bytes.length < 4 ? undefined : 4 + MASK_BYTES + bytes.readUInt16BE(2);
  return bytes.length < 10 ? undefined : 10 + MASK_BYTES + Number(bytes.readBigUInt64BE(2));
}
