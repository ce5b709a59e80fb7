/**
 * Express: one at a time changes an account, in however many processes this service runs.
 *
 *   npx thingsdb-lock dev-server                 # or any ThingsDB, named by THINGSDB_URL
 *   PORT=3000 node --import tsx examples/recipes/express.ts     # and in another terminal, with PORT=3001
 *   curl -X POST localhost:3000/accounts/7/close & curl -X POST localhost:3001/accounts/7/close
 *
 * Who has to wait for more than two seconds is told 409. Who hangs up is not waited for.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import express, { type NextFunction, type Request, type Response } from 'express';
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
const app = express();

app.post('/accounts/:id/close', async (request, response) => {
  const closed = await locks.runExclusive(
    `account ${request.params.id}`,
    async (lease) => {
      console.log(`closing account ${request.params.id}`);
      await sleep(WORK_MS, undefined, { signal: lease.signal }); // simulate some work
      return { account: request.params.id, fencingToken: lease.fencingToken };
    },
    { waitTimeout: '2s', signal: hangUpSignal(response) },
  );
  response.json(closed);
});

// Four parameters: that is how Express knows that this takes errors.
app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
  const refusal = refusalOf(error);
  if (error instanceof ClientGoneError) console.log('the client has gone');
  else if (refusal !== undefined) response.status(refusal.status).json(refusal.body);
  else next(error);
});

const server: Server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  console.log(`listens on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

// What runs may end. Who waits, or comes now, is told 503. Then the server closes.
process.once('SIGTERM', () => void locks.drain({ waitTimeout: '10s' }).then(() => server.close()));
