import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { LingeringRelay } from '../../chaos/lingering-relay.js';
import { startTcpServer, type TcpServer } from '../../support/tcp-server.js';
import { until } from '../../support/until.js';

const HEAD = 'GET / HTTP/1.1\r\n\r\n';
/** A frame of one byte, its mask all zero. */
const FRAME = Buffer.from([0x82, 0x81, 0, 0, 0, 0, 0x61]);
const CLOSE = Buffer.from([0x88, 0x80, 0, 0, 0, 0]);
const LINGER_MS = 150;
const ANSWER_AFTER_MS = 100;

describe('a lingering relay', () => {
  let node: TcpServer;
  let relay: LingeringRelay;
  let atNode: Socket | undefined;
  let endedMs: number | undefined;
  let answeredMs = 0;

  beforeEach(async () => {
    [atNode, endedMs] = [undefined, undefined];
    // Answers what it hears a little later.
    node = await startTcpServer((socket) => {
      atNode = socket;
      socket.on('data', (bytes) => {
        setTimeout(() => {
          answeredMs = performance.now();
          socket.write(bytes);
        }, ANSWER_AFTER_MS);
      });
      socket.on('close', () => {
        // The one of the test before may close only now.
        if (socket === atNode) endedMs = performance.now();
      });
    });
    relay = await LingeringRelay.to(`ws://127.0.0.1:${node.port}`, LINGER_MS);
  });

  afterEach(async () => {
    await relay.close();
    node.close();
  });

  async function connected(): Promise<Socket> {
    const client = connect(Number(new URL(relay.url).port), '127.0.0.1');
    client.on('error', () => undefined);
    await once(client, 'connect');
    await until(() => atNode !== undefined);
    client.write(HEAD);
    await once(client, 'data');
    return client;
  }

  it('passes what both sides say', async () => {
    const client = await connected();
    client.write(FRAME);
    const [bytes] = (await once(client, 'data')) as [Buffer];
    expect(bytes).toEqual(FRAME);
  });

  it('keeps the connection to the node until it has answered a client that is gone, and a little longer', async () => {
    const client = await connected();
    client.write(FRAME);
    await until(() => (atNode?.bytesRead ?? 0) > HEAD.length);
    const closed = once(client, 'close');
    client.write(CLOSE);
    await closed;
    await until(() => endedMs !== undefined);
    expect((endedMs ?? 0) - answeredMs).toBeGreaterThan(LINGER_MS - 20);
    // It has not heard that the client closes either.
    expect(atNode?.bytesRead).toBe(HEAD.length + FRAME.length);
  });

  it('ends the connection of the client at once when the node does', async () => {
    const client = await connected();
    atNode?.destroy();
    await once(client, 'close');
  });
});
