import { WireEncoder } from '../../msgpack/wire-encoder.js';
import { Packed, type Wire } from '../../msgpack/wire.js';

/** Data that ThingsDB keeps packed (`mpdata`), such as what `procedure_info` gives; `load()` opens it. */
export class PackedData {
  readonly kind = 'mpdata';
  readonly typeName = 'mpdata';
  readonly content: Wire;

  constructor(content: Wire) {
    this.content = content;
  }

  /** Bytes that it takes when it is sent. */
  get size(): number {
    return this.#bytes.length;
  }

  /** The bytes, one character each. */
  get data(): string {
    const bytes = this.#bytes;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  }

  get #bytes(): Uint8Array {
    const { content } = this;
    return content instanceof Packed ? content.bytes : WireEncoder.encode(content);
  }
}
