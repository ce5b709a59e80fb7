import { CloseFilter } from '../../chaos/close-filter.js';

const HEAD = Buffer.from('GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n');
const BINARY = 0x82;
const CLOSE = 0x88;

/** A client's frame, its mask all zero. */
function frame(first: number, payload: Buffer): Buffer {
  const { length } = payload;
  const size = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([first, ...size, 0, 0, 0, 0]), payload]);
}

function huge(length: number): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(length));
  return Buffer.concat([Buffer.from([BINARY, 0x80 | 127]), size, Buffer.alloc(4 + length, 7)]);
}

const message = frame(BINARY, Buffer.from('hello'));
const long = frame(BINARY, Buffer.alloc(300, 1));
const close = frame(CLOSE, Buffer.from([0x03, 0xe8]));

describe('a filter of what a WebSocket client says', () => {
  it.each([
    ['whole', Infinity],
    ['byte by byte', 1],
    ['in pieces', 7],
  ])('passes everything but the close: %s', (_how, size) => {
    const filter = new CloseFilter();
    const said = Buffer.concat([HEAD, message, close, long, huge(70_000), close, message]);
    const passed: Buffer[] = [];
    for (let at = 0; at < said.length; at += size) passed.push(filter.push(said.subarray(at, at + size)));
    const heard = Buffer.concat(passed);
    expect(heard.equals(Buffer.concat([HEAD, message, long, huge(70_000), message]))).toBe(true);
  });

  it('knows when it has heard one', () => {
    const filter = new CloseFilter();
    filter.push(Buffer.concat([HEAD, message]));
    expect(filter.hasClosed).toBe(false);
    filter.push(close);
    expect(filter.hasClosed).toBe(true);
  });
});
