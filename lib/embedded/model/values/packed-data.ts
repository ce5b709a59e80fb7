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

  /** The bytes, one character each. */
  get data(): string {
    const { content } = this;
    const bytes = content instanceof Packed ? content.bytes : WireEncoder.encode(content);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  }
}
