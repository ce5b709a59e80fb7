import { Packed } from '../msgpack/wire.js';

/** Between JavaScript text and the byte strings the engine works on (see {@link Source}). */

// eslint-disable-next-line no-control-regex
const notAscii = /[^\x00-\x7f]/;

/** The UTF-8 bytes of `text`, one character each. */
export function toByteString(text: string): string {
  return notAscii.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

/** The text whose UTF-8 bytes these are. What is not valid UTF-8 becomes U+FFFD, as in any client. */
export function fromByteString(bytes: string): string {
  return notAscii.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}

/** The text for a client. Bytes that are no valid UTF-8 go out as they are, as a node sends them. */
export function toWireText(bytes: string): string | Packed {
  if (!notAscii.test(bytes)) return bytes;
  const text = fromByteString(bytes);
  return toByteString(text) === bytes ? text : packedText(Buffer.from(bytes, 'latin1'));
}

/** MessagePack of text, whatever its bytes are. */
function packedText(bytes: Buffer): Packed {
  const header = Buffer.alloc(5, 0xdb);
  header.writeUInt32BE(bytes.length, 1);
  return new Packed(Buffer.concat([header, bytes]));
}

/** Whether the bytes are valid UTF-8. */
export function isUtf8(bytes: string): boolean {
  return !notAscii.test(bytes) || toByteString(fromByteString(bytes)) === bytes;
}

/** Whether all bytes are ASCII. */
export function isAscii(bytes: string): boolean {
  return !notAscii.test(bytes);
}

const validName = /^[A-Za-z_][0-9A-Za-z_]{0,254}$/;

/** Whether `text` follows ThingsDB's rules for names. */
export function isValidName(text: string): boolean {
  return validName.test(text);
}
