const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Several alphabets are read at once; letters that stand for nothing count as 0. */
function valueOf(letter: string): number {
  if (letter === '-') return 62;
  if (letter === ',' || letter === '_') return 63;
  return Math.max(0, ALPHABET.indexOf(letter));
}

/** By the code of the letter. */
const VALUES = Uint8Array.from({ length: 256 }, (_, code) => valueOf(String.fromCharCode(code)));

const valueAt = (text: string, at: number): number => VALUES[text.charCodeAt(at)] ?? 0;

/** The bytes of a text in base64, as a node reads them. It looks at no letter twice, and refuses none. */
export function decodeBase64(text: string): string {
  const { length } = text;
  const isPadded = length > 0 && (length % 4 !== 0 || text.endsWith('='));
  const end = (Math.ceil(length / 4) - (isPadded ? 1 : 0)) * 4;
  const bytes = Buffer.alloc((end / 4) * 3 + 2);
  let size = 0;
  for (let at = 0; at < end; at += 4) {
    const group =
      (valueAt(text, at) << 18) |
      (valueAt(text, at + 1) << 12) |
      (valueAt(text, at + 2) << 6) |
      valueAt(text, at + 3);
    bytes.writeUIntBE(group, size, 3);
    size += 3;
  }
  if (isPadded) {
    const group = (valueAt(text, end) << 18) | (valueAt(text, end + 1) << 12) | (valueAt(text, end + 2) << 6);
    bytes.writeUInt16BE(group >> 8, size);
    size += length > end + 2 && text[end + 2] !== '=' ? 2 : 1;
  }
  return bytes.toString('latin1', 0, size);
}
