import { parseAddress } from '../../../lib/client/address.js';
import { clientFor } from '../../../lib/client/open-client.js';
import { TcpClient } from '../../../lib/client/tcp-client.js';
import { WebSocketClient } from '../../../lib/client/web-socket-client.js';
import { LockOptionsError } from '../../../lib/errors.js';

it.each([
  ['thingsdb://host', 'thingsdb:', 'host', 9200, 'thingsdb://host:9200'],
  ['thingsdb://host/', 'thingsdb:', 'host', 9200, 'thingsdb://host:9200'],
  ['thingsdb://host:9201', 'thingsdb:', 'host', 9201, 'thingsdb://host:9201'],
  ['thingsdb://10.0.0.1:80', 'thingsdb:', '10.0.0.1', 80, 'thingsdb://10.0.0.1:80'],
  ['thingsdb://[::1]:9200', 'thingsdb:', '::1', 9200, 'thingsdb://[::1]:9200'],
  ['thingsdb://[fe80::2]', 'thingsdb:', 'fe80::2', 9200, 'thingsdb://[fe80::2]:9200'],
  ['ws://host:9270/path?q=1', 'ws:', 'host', 9270, 'ws://host:9270'],
  ['wss://host', 'wss:', 'host', 443, 'wss://host'],
  [
    'thingsdb://ünïcode.invalid',
    'thingsdb:',
    'xn--ncode-cta3g.invalid',
    9200,
    'thingsdb://xn--ncode-cta3g.invalid:9200',
  ],
  ['ws://ünïcode.invalid:9270', 'ws:', 'xn--ncode-cta3g.invalid', 9270, 'ws://xn--ncode-cta3g.invalid:9270'],
  ['thingsdb://LOCALHOST', 'thingsdb:', 'localhost', 9200, 'thingsdb://localhost:9200'],
  [
    'thingsdb://host_with_underscore',
    'thingsdb:',
    'host_with_underscore',
    9200,
    'thingsdb://host_with_underscore:9200',
  ],
])('%s leads to its host and port, and is shown without anything else', (text, scheme, host, port, shown) => {
  expect(parseAddress(text)).toMatchObject({ scheme, host, port, shown });
});

it.each([
  '',
  'localhost:9270',
  '127.0.0.1',
  'http://localhost:9270',
  'thingsdb:host',
  'thingsdb://',
  'thingsdb://host:0',
  'thingsdb://host:65536',
  'thingsdb://host:9200/path',
  'thingsdb://host?x',
  'thingsdb://a%2fb',
  'thingsdb://a%40b',
  'thingsdb://%E0%A4',
  'thingsdb://a%20b',
  'thingsdb://xn--ü',
  'ws://:9270',
  5 as unknown as string,
])('%j is refused', (text) => {
  expect(() => parseAddress(text)).toThrow(LockOptionsError);
});

it.each([
  'http://u:PASSWORD@h',
  'https://PASSWORD@h/PASSWORD?PASSWORD',
  'thingsdb://u:PASSWORD@h',
  'thingsdb://PASSWORD@h:9200',
  'thingsdb://h/PASSWORD',
  'ws://u:PASSWORD@h:9270',
  'wss://PASSWORD@h',
  'ws://u:PASSWORD@h:99999',
  'ws://u:PASSWORD/9@h:9270',
  'ws://u:9/PASSWORD@h:9270',
  'thingsdb://u:PASS#WORD@h',
  'ws://u:PASSWORD@h h',
  'ws://u:PASS,WORD@h',
  'thingsdb://h,PASSWORD',
  'u:PASSWORD@h',
  'PASSWORD',
  'PASSWORD://h',
])('nothing that may be a password is repeated of %j', (text) => {
  let message = '';
  try {
    parseAddress(text);
  } catch (error) {
    message = String(error) + JSON.stringify(error) + (error as Error).stack;
  }
  expect(message).toContain('LockOptionsError');
  expect(message.replace(/at .*spec.*/g, '')).not.toMatch(/PASS|WORD/);
});

it.each(['thingsdb://u:p@h:1', 'ws://u:p@h:1', 'wss://u@h:1', 'ws://:p@h:1'])(
  '%s is told where to',
  (text) => {
    const shown = `${text.split('//')[0]}//h:1`;
    expect(() => parseAddress(text)).toThrow(
      `${shown} is given with a user or password in the address; give those as auth: { username, password }`,
    );
  },
);

describe('clientFor', () => {
  it('makes the client that the scheme asks for', () => {
    expect(clientFor('thingsdb://localhost')).toBeInstanceOf(TcpClient);
    expect(clientFor('ws://localhost')).toBeInstanceOf(WebSocketClient);
    expect(clientFor('wss://localhost', { tls: { servername: 'x' } })).toBeInstanceOf(WebSocketClient);
  });

  it('refuses tls for the TCP port and says why', () => {
    expect(() => clientFor('thingsdb://localhost', { tls: {} })).toThrow(
      /speaks no TLS.*in the clear.*wss:\/\//,
    );
    expect(() => clientFor('ws://localhost', { tls: {} })).toThrow(LockOptionsError);
  });

  it.each(['thingsdb://localhost', 'ws://localhost'])('refuses limits for %s that are none', (url) => {
    for (const limit of [0, -1, NaN, Infinity]) {
      expect(() => clientFor(url, { requestTimeoutMs: limit })).toThrow(LockOptionsError);
      expect(() => clientFor(url, { connectTimeoutMs: limit })).toThrow(LockOptionsError);
    }
  });
});
