/**
 * A value as it leaves or enters the engine: what MessagePack can carry.
 * Integers are `bigint`, floats are `number`, so that `1` and `1.0` stay apart on the wire.
 */
export type Wire =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Packed
  | readonly Wire[]
  | { readonly [key: string]: Wire };

/**
 * MessagePack that stays as it is. A node takes the arguments of a request apart only when it needs them. It gives
 * packed data (`mpdata`) and text that is no valid UTF-8 back byte by byte, whatever is in it.
 */
export class Packed {
  constructor(readonly bytes: Uint8Array) {}
}
