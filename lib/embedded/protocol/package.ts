import { MalformedPackageError } from './malformed-package-error.js';

/** One message of ThingsDB's protocol: 8 bytes of header, then a body of MessagePack or nothing. */
export interface Package {
  readonly id: number;
  readonly type: number;
  readonly body: Uint8Array;
}

/** Body length (uint32), id (uint16), type (uint8) and the type inverted (uint8), all little-endian. */
export const HEADER_BYTES = 8;

/**
 * The largest body that is taken. A real node takes 1 GiB. In a test that is a mistake which would take the memory of
 * the test's own process.
 */
export const MAX_BODY_BYTES = 64 * 1024 * 1024;

const NO_BODY = new Uint8Array(0);

/** Puts a package together. */
export function encodePackage(id: number, type: number, body: Uint8Array = NO_BODY): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + body.length);
  bytes.writeUInt32LE(body.length, 0);
  bytes.writeUInt16LE(id, 4);
  bytes.writeUInt8(type, 6);
  bytes.writeUInt8(~type & 0xff, 7);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

/**
 * Reads the length of the package whose header `bytes` starts with, header included.
 * @throws MalformedPackageError when the type and its inverse disagree, or the body would be too large.
 */
export function packageLength(bytes: Buffer): number {
  const bodyLength = bytes.readUInt32LE(0);
  const type = bytes.readUInt8(6);
  const inverse = bytes.readUInt8(7);
  if (type + inverse !== 0xff) {
    throw new MalformedPackageError(`the type ${type} does not agree with its check byte ${inverse}`);
  }
  if (bodyLength > MAX_BODY_BYTES) {
    throw new MalformedPackageError(
      `a body of ${bodyLength} bytes is more than the limit of ${MAX_BODY_BYTES}`,
    );
  }
  return HEADER_BYTES + bodyLength;
}

/**
 * Reads the package at the start of `bytes`. What follows it is ignored, as a node does with a WebSocket message that
 * holds more than one.
 * @throws MalformedPackageError when there is no whole, sound package.
 */
export function decodePackage(bytes: Buffer): Package {
  if (bytes.length < HEADER_BYTES) throw new MalformedPackageError(`${bytes.length} bytes hold no header`);
  const length = packageLength(bytes);
  if (bytes.length < length) {
    throw new MalformedPackageError(
      `the header announces ${length} bytes but the message has ${bytes.length}`,
    );
  }
  return { id: bytes.readUInt16LE(4), type: bytes.readUInt8(6), body: bytes.subarray(HEADER_BYTES, length) };
}
