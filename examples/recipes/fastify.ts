/**
 * Fastify: one at a time changes an account, in however many processes this service runs.
 *
 *   npx thingsdb-lock dev-server                 # or any ThingsDB, named by THINGSDB_URL
 *   PORT=3000 node --import tsx examples/recipes/fastify.ts     # and in another terminal, with PORT=3001
 *   curl -X POST localhost:3000/accounts/7/close & curl -X POST localhost:3001/accounts/7/close
 *
 * Who has to wait for more than two seconds is told 409. Who hangs up is not waited for.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fastify } from 'fastify';
import { LockManager } from 'thingsdb-lock';
import { ClientGoneError, hangUpSignal } from './hang-up.js';
import { refusalOf } from './http-errors.js';

const { THINGSDB_URL, THINGSDB_USER, THINGSDB_PASSWORD, THINGSDB_TOKEN, THINGSDB_COLLECTION } = process.env;
const WORK_MS = Number(process.env['WORK_MS'] ?? 500);

const locks = new LockManager({
  url: THINGSDB_URL ?? 'thingsdb://127.0.0.1:9200',
  auth: THINGSDB_TOKEN
    ? { token: THINGSDB_TOKEN }
    : { username: THINGSDB_USER ?? 'admin', password: THINGSDB_PASSWORD ?? 'pass' },
  collection: THINGSDB_COLLECTION,
});
const app = fastify();

app.post<{ Params: { id: string } }>('/accounts/:id/close', (request, reply) =>
  locks.runExclusive(
    `account ${request.params.id}`,
    async (lease) => {
      console.log(`closing account ${request.params.id}`);
      await sleep(WORK_MS, undefined, { signal: lease.signal }); // simulate some work
      return { account: request.params.id, fencingToken: lease.fencingToken };
    },
    { waitTimeout: '2s', signal: hangUpSignal(reply.raw) },
  ),
);

app.setErrorHandler(async (error, _request, reply) => {
  const refusal = refusalOf(error);
  if (error instanceof ClientGoneError) console.log('the client has gone');
  if (refusal === undefined) throw error;
  return reply.status(refusal.status).send(refusal.body);
});

// When the application closes, what runs may end. Who waits is told 503, so that the server can close.
app.addHook('preClose', async () => {
  await locks.drain({ waitTimeout: '10s' });
});
process.once('SIGTERM', () => void app.close());

app
  .listen({ port: Number(process.env['PORT'] ?? 3000) })
  .then((url) => console.log(`listens on ${url}`))
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
