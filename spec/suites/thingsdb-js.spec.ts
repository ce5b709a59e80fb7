/** thingsdb.js, unchanged, against the embedded server: where THINGSDB_JS names its built file. */
import type { ThingsDBClient } from '../../lib/client/thingsdb-client.js';
import { type EmbeddedThingsDB, startThingsDB } from '../../lib/testing/index.js';
import { describeIf } from '../support/describe-if.js';
import { thingsdbJs } from '../support/thingsdb-js.js';

type Client = ThingsDBClient & {
  emit(scope: string, room: number, event: string, args?: unknown[]): Promise<void>;
  emitPeers(scope: string, room: number, event: string, args?: unknown[]): Promise<void>;
};

const builtFile = process.env['THINGSDB_JS'];

describeIf(
  'thingsdb.js',
  builtFile === undefined ? 'THINGSDB_JS does not name its built file' : undefined,
  () => {
    let db: EmbeddedThingsDB;
    let ThingsDB: new (url: string) => Client;

    beforeAll(async () => {
      ThingsDB = thingsdbJs<Client>();
      db = await startThingsDB();
    });

    afterAll(() => db.close());

    async function login(): Promise<Client> {
      const client = new ThingsDB(db.wsUrl);
      await client.connect();
      await client.auth('admin', 'pass');
      return client;
    }

    it('queries, runs procedures and gets values and errors as from a real node', async () => {
      const client = await login();
      expect(await client.query('//stuff', '.x = [1, 2.5, "text", nil, {a: n}];', { n: 7 })).toEqual([
        1,
        2.5,
        'text',
        null,
        { '#': expect.any(Number) as number, a: 7 },
      ]);
      await client.query('//stuff', 'new_procedure("add", |a, b| a + b);');
      expect(await client.run('//stuff', 'add', [1, 2])).toBe(3);
      await expect(client.query('//stuff', 'raise("no");')).rejects.toEqual({
        error_code: -100,
        error_msg: 'no',
      });
      await client.ping();
      await client.disconnect();
    });

    it('logs in with a token', async () => {
      const admin = await login();
      const token = (await admin.query('@t', 'new_token("admin");')) as string;
      const client = new ThingsDB(db.wsUrl);
      await client.connect();
      await client.authToken(token);
      expect(await client.query('@t', 'user_info().load().name;')).toBe('admin');
      await Promise.all([admin.disconnect(), client.disconnect()]);
    });

    it('joins a room and is told what happens there until it is gone', async () => {
      const [one, other] = [await login(), await login()];
      const told: [type: number, message: unknown][] = [];
      one.addEventListener((type, message) => told.push([type, message]));
      const id = (await one.query('//stuff', '.room = room(); .room.id();')) as number;
      const scope = '@collection:stuff';
      expect(await one.join('//stuff', id, 999_999)).toEqual([id, null]);
      await other.emit('//stuff', id, 'hello', [1, 'two']);
      await one.emitPeers('//stuff', id, 'not to myself');
      await other.query('//stuff', '.room.emit("from code", 3);');
      expect(await one.leave('//stuff', id)).toEqual([id]);
      await one.join('//stuff', id);
      await other.query('//stuff', '.del("room"); nil;');
      await one.ping();
      expect(told).toEqual([
        [6, { scope, id }],
        [8, { scope, id, event: 'hello', args: [1, 'two'] }],
        [8, { scope, id, event: 'from code', args: [3] }],
        [7, { scope, id }],
        [6, { scope, id }],
        [9, { scope, id }],
      ]);
      await Promise.all([one.disconnect(), other.disconnect()]);
    });
  },
);
