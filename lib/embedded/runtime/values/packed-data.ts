import type { Wire } from '../../engine.js';

/** Data that ThingsDB keeps packed (`mpdata`), such as what `procedure_info` gives; `load()` opens it. */
export class PackedData {
  readonly kind = 'mpdata';
  readonly typeName = 'mpdata';
  constructor(readonly content: Wire) {}
}
