import { once } from 'node:events';
import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { LockConnectionError, type LockManager, type TlsOptions } from '../../lib/index.js';
import { onEachBackEnd } from '../support/back-end.js';
import { Program } from '../support/program.js';
import { TEST_CERTIFICATE } from '../support/test-certificate.js';
import { rejection } from '../support/until.js';

const { cert, key } = TEST_CERTIFICATE;

onEachBackEnd(
  'TLS',
  (backEnd) => {
    let server: Server;
    let url: string;
    const sockets = new Set<Socket>();

    // What stands before ThingsDB where it is reached by wss://.
    beforeEach(async () => {
      const target = new URL(backEnd.urls[0] ?? '');
      server = createServer({ cert, key, requestCert: true, rejectUnauthorized: false }, (outside) => {
        const inside = connect(Number(target.port), target.hostname);
        for (const [from, to] of [
          [outside, inside],
          [inside, outside],
        ] as const) {
          sockets.add(from);
          from.on('error', () => to.destroy());
          from.on('close', () => to.destroy());
          from.pipe(to);
        }
      });
      server.listen(0, 'localhost');
      await once(server, 'listening');
      url = `wss://localhost:${(server.address() as AddressInfo).port}`;
      backEnd.atEnd(async () => {
        for (const socket of sockets) socket.destroy();
        sockets.clear();
        server.close();
        await once(server, 'close');
      });
    });

    const manager = (tls?: TlsOptions): LockManager => backEnd.manager({ url, tls });
    const own = backEnd.name === 'thingsdb.js' ? test.skip : test;

    own('with the authority that is given, also as bytes', async () => {
      for (const ca of [cert, Buffer.from(cert), [cert]]) {
        const lease = await manager({ ca }).acquire('secure');
        expect(await lease.release()).toBe(true);
      }
    });

    own('with any certificate, for who wants that', async () => {
      expect(await manager({ rejectUnauthorized: false }).isLocked('secure')).toBe(false);
    });

    own('shows a certificate of its own', async () => {
      const connection = once(server, 'secureConnection') as Promise<
        [{ getPeerCertificate(): { subject: { CN: string } } }]
      >;
      await manager({ ca: cert, cert, key }).setup();
      const [socket] = await connection;
      expect(socket.getPeerCertificate().subject.CN).toBe('localhost');
    });

    own.each<[string, TlsOptions | undefined, string]>([
      ['an authority that nobody has named', undefined, 'tls: { ca }'],
      ['a certificate for another host', { ca: cert, servername: 'elsewhere' }, 'is for another host'],
    ])('refuses %s, and says what to do', async (_what, tls, hint) => {
      const error = await rejection(manager(tls).acquire('secure'));
      expect(error).toBeInstanceOf(LockConnectionError);
      expect((error as Error).message).toContain(hint);
    });

    own('by the command line', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'tls-'));
      try {
        const ca = join(folder, 'ca.pem');
        await writeFile(ca, cert);
        const credentials =
          'token' in backEnd.auth
            ? { THINGSDB_TOKEN: backEnd.auth.token }
            : { THINGSDB_USER: backEnd.auth.username, THINGSDB_PASSWORD: backEnd.auth.password };
        const run = (...args: string[]) =>
          new Program('lib/cli/main.ts', ['run', 'secure', '--collection', backEnd.collection, ...args], {
            ...credentials,
            THINGSDB_URL: url,
          });
        expect(await run('--tls-ca', ca, '--', 'true').ended).toBe(0);
        expect(await run('--tls-no-verify', '--', 'true').ended).toBe(0);
        expect(await run('--', 'true').ended).toBe(69);
        expect(await run('--tls-ca', join(folder, 'none.pem'), '--', 'true').ended).toBe(64);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  },
  { transports: ['WebSocket'] },
);
