/** `thingsdb-lock/nestjs` in a real Nest application, over HTTP. */
import 'reflect-metadata';
import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  ForbiddenException,
  Get,
  HttpCode,
  Injectable,
  type INestApplication,
  Module,
  Param,
  ParseIntPipe,
  Post,
  Scope,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER, Reflector } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { type Lease, LockManager } from '../../lib/index.js';
import {
  CurrentLease,
  Exclusive,
  getLockManagerToken,
  InjectLockManager,
  LockExceptionFilter,
  LockHealthIndicator,
  LockModule,
  type LockModuleOptions,
  Shared,
} from '../../lib/nestjs/index.js';
import { type BackEnd, onEachBackEnd } from '../support/back-end.js';
import { Program } from '../support/program.js';
import { nextEvent, rejection } from '../support/until.js';

/** What is done under a lock. A test can stand in the middle of it. */
@Injectable()
class Work extends EventEmitter {
  inside = 0;
  most = 0;
  #gate: Promise<void> = Promise.resolve();

  /** From now on work that begins does not end, until what is returned is called. */
  pause(): () => void {
    let resume: (() => void) | undefined;
    this.#gate = new Promise((resolve) => (resume = resolve));
    return () => resume?.();
  }

  async do(): Promise<void> {
    this.most = Math.max(this.most, ++this.inside);
    this.emit('begun');
    await this.#gate;
    this.inside--;
  }
}

const Role = (role: string): MethodDecorator => SetMetadata('role', role);

/** Lets in whom the method's metadata names: it has to be there whatever stands between. */
@Injectable()
class RoleGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.get<string>('role', context.getHandler()) !== 'guest') throw new ForbiddenException();
    return true;
  }
}

interface Paid {
  readonly id: number;
  readonly token: number;
}

@Injectable()
class Orders {
  constructor(private readonly work: Work) {}

  @Exclusive((id: number) => `order ${id}`, { ttl: '1500ms', waitTimeout: '20s' })
  async pay(id: number, @CurrentLease() lease?: Lease): Promise<Paid> {
    await this.work.do();
    return { id, token: lease?.fencingToken ?? 0 };
  }

  @Exclusive('order 1', { reentrant: false })
  payTheFirst(): Promise<Paid> {
    return this.pay(1);
  }

  @Shared((id: number) => `order ${id}`)
  async read(id: number): Promise<number> {
    await this.work.do();
    return id;
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  @Exclusive(['a', 'b'])
  async both(@CurrentLease() lease?: Lease): Promise<readonly string[]> {
    return Promise.resolve(lease?.names ?? []);
  }
}

/** A subclass has the locked methods of its base. */
@Injectable()
class SpecialOrders extends Orders {}

@Controller()
class OrdersController {
  constructor(
    private readonly orders: Orders,
    private readonly special: SpecialOrders,
    private readonly work: Work,
  ) {}

  @Post('orders/:id/pay')
  pay(@Param('id', ParseIntPipe) id: number): Promise<Paid> {
    return this.orders.pay(id);
  }

  @Post('special/:id/pay')
  paySpecial(@Param('id', ParseIntPipe) id: number): Promise<Paid> {
    return this.special.pay(id);
  }

  @Post('first/pay')
  payTheFirst(): Promise<Paid> {
    return this.orders.payTheFirst();
  }

  @Get('orders/:id')
  read(@Param('id', ParseIntPipe) id: number): Promise<number> {
    return this.orders.read(id);
  }

  @Post('hasty/:id')
  @Exclusive((id: number) => `order ${id}`, { waitTimeout: 0 })
  async hasty(@Param('id', ParseIntPipe) id: number): Promise<number> {
    await this.work.do();
    return id;
  }

  @Post('brief/:id')
  @Exclusive((id: number) => `order ${id}`, { waitTimeout: 100 })
  async brief(@Param('id', ParseIntPipe) id: number): Promise<number> {
    await this.work.do();
    return id;
  }

  /** The lock stands above all others. */
  @Exclusive((_lease: Lease | undefined, id: number) => `order ${id}`)
  @Get('above/:id')
  @HttpCode(202)
  @Role('guest')
  @UseGuards(RoleGuard)
  async above(@CurrentLease() lease: Lease, @Param('id', ParseIntPipe) id: number): Promise<unknown> {
    return Promise.resolve({ id, name: lease.name });
  }

  /** The lock stands below all others. */
  @Get('below/:id')
  @HttpCode(202)
  @Role('guest')
  @UseGuards(RoleGuard)
  @Exclusive((id: number) => `order ${id}`)
  async below(@Param('id', ParseIntPipe) id: number, @CurrentLease() lease: Lease): Promise<unknown> {
    return Promise.resolve({ id, name: lease.name });
  }

  /** Between: one that lets nobody in, above the lock or below it. */
  @Get('closed/above')
  @Exclusive('x')
  @Role('nobody')
  @UseGuards(RoleGuard)
  async closedAbove(): Promise<void> {
    await this.work.do();
  }

  @Get('empty/:id')
  @Exclusive((id: string) => (id === 'none' ? '' : id))
  async empty(@Param('id') _id: string): Promise<void> {
    await this.work.do();
  }
}

/** Made anew for each request, as what it depends on is. */
@Controller()
class PerRequestController {
  constructor(private readonly perRequest: PerRequest) {}

  @Get('both')
  both(): Promise<readonly string[]> {
    return this.perRequest.both();
  }

  @Get('one/:id')
  @Exclusive((id: string) => id)
  async one(@Param('id') id: string, @CurrentLease() lease: Lease): Promise<unknown> {
    return Promise.resolve({ id, name: lease.name });
  }
}

interface Running {
  readonly app: INestApplication;
  readonly url: string;
  readonly work: Work;
  readonly locks: LockManager;
}

/** Starts the application on a free port. It is closed after the test. */
async function start(backEnd: BackEnd, options: Partial<LockModuleOptions> = {}): Promise<Running> {
  const { urls: url, auth, collection } = backEnd;
  const module = await Test.createTestingModule({
    imports: [LockModule.forRoot({ url, auth, collection, ...options })],
    controllers: [OrdersController, PerRequestController],
    providers: [
      ...[Work, Orders, SpecialOrders, PerRequest],
      { provide: APP_FILTER, useClass: LockExceptionFilter },
    ],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  backEnd.atEnd(() => app.close());
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  return { app, url: `http://127.0.0.1:${port}`, work: app.get(Work), locks: app.get(LockManager) };
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function ask(url: string, method = 'GET'): Promise<Answer> {
  const response = await fetch(url, { method });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

onEachBackEnd('an application with LockModule', (backEnd) => {
  it('lets one request in at a time, by the name that the arguments give, and gives the lease', async () => {
    const { url, work, locks } = await start(backEnd);
    const resume = work.pause();
    const begun = nextEvent(work, 'begun');
    const first = ask(`${url}/orders/7/pay`, 'POST');
    await begun;
    const waiting = nextEvent(locks, 'waiting');
    const second = ask(`${url}/special/7/pay`, 'POST');
    await waiting;
    const other = nextEvent(work, 'begun');
    const third = ask(`${url}/orders/8/pay`, 'POST');
    await other;
    expect(work.inside).toBe(2);
    resume();
    const [one, two, three] = await Promise.all([first, second, third]);
    expect([one, two, three].map(({ status }) => status)).toEqual([201, 201, 201]);
    expect((two.body as Paid).token).toBeGreaterThan((one.body as Paid).token);
    expect((one.body as Paid).token).toBeGreaterThan(0);
  });

  it('lets readers in together, and a writer after them', async () => {
    const { url, work, locks } = await start(backEnd);
    const resume = work.pause();
    const readers = [ask(`${url}/orders/7`), ask(`${url}/orders/7`)];
    while (work.inside < 2) await nextEvent(work, 'begun');
    const waiting = nextEvent(locks, 'waiting');
    const writer = ask(`${url}/orders/7/pay`, 'POST');
    await waiting;
    resume();
    expect((await Promise.all(readers)).map(({ body }) => body)).toEqual([7, 7]);
    expect(await writer).toMatchObject({ status: 201 });
    expect(work.most).toBe(2);
  });

  it('answers 409 when another has the lock, and does not tell who', async () => {
    const { url, work } = await start(backEnd);
    await using _lease = await backEnd.manager({ owner: 'the secret one' }).acquire('order 7');
    const answer = await ask(`${url}/hasty/7`, 'POST');
    expect(answer).toMatchObject({ status: 409, body: { statusCode: 409, code: 'LOCK_TIMEOUT' } });
    expect(JSON.stringify(answer)).not.toMatch(/secret|order 7/);
    expect(work.most).toBe(0);
  });

  it('answers 503 when there is no server, and its health is down', async () => {
    const proxy = await backEnd.proxy();
    const { app, url } = await start(backEnd, { url: proxy.url, requestTimeout: 1_000 });
    const health = app.get(LockHealthIndicator);
    expect(await health.check()).toEqual({ status: 'up', responseMs: expect.any(Number) as number });
    expect(await health.isHealthy('locks')).toMatchObject({ locks: { status: 'up' } });
    proxy.freeze();
    const down = { status: 'down', code: 'LOCK_CONNECTION' };
    expect(await ask(`${url}/hasty/7`, 'POST')).toMatchObject({
      status: 503,
      body: { statusCode: 503, code: 'LOCK_CONNECTION' },
    });
    // Nobody may hold it: that is not known.
    expect(await ask(`${url}/brief/7`, 'POST')).toMatchObject({
      status: 503,
      body: { code: 'LOCK_TIMEOUT' },
    });
    expect(await health.check()).toMatchObject(down);
    expect(await rejection(health.isHealthy('locks'))).toMatchObject({
      isHealthCheckError: true,
      causes: { locks: down },
    });
    proxy.thaw();
    // While there is a way to the server: else it would wait for what it has still to withdraw.
    await app.close();
  });

  it('keeps routes, codes, guards and pipes, whether the lock stands above or below them', async () => {
    const { url, work } = await start(backEnd);
    for (const place of ['above', 'below']) {
      expect(await ask(`${url}/${place}/3`)).toEqual({ status: 202, body: { id: 3, name: 'order 3' } });
      expect(await ask(`${url}/${place}/three`)).toMatchObject({ status: 400 });
    }
    expect(await ask(`${url}/closed/above`)).toMatchObject({ status: 403 });
    expect(work.most).toBe(0);
  });

  it('locks in what Nest makes for one request, several names together', async () => {
    const { url } = await start(backEnd);
    expect(await ask(`${url}/both`)).toEqual({ status: 200, body: ['a', 'b'] });
    expect(await ask(`${url}/one/c`)).toEqual({ status: 200, body: { id: 'c', name: 'c' } });
  });

  it('refuses a name that is none, and a lock inside of itself', async () => {
    const { app, url, work } = await start(backEnd);
    expect(await ask(`${url}/empty/none`)).toMatchObject({ status: 500 });
    expect(await rejection(app.get(OrdersController).empty('none'))).toMatchObject({
      code: 'LOCK_OPTIONS',
      message: expect.stringMatching(
        /^@Exclusive of OrdersController\.empty\(\): invalid name: ""/,
      ) as string,
    });
    expect(await rejection(app.get(Orders).payTheFirst())).toMatchObject({ code: 'LOCK_DEADLOCK' });
    expect(await ask(`${url}/first/pay`, 'POST')).toMatchObject({ status: 500 });
    expect(work.most).toBe(0);
  });

  it('closes: what runs ends, who waits is told, and the lock is free', async () => {
    const { app, url, work, locks } = await start(backEnd);
    const resume = work.pause();
    const begun = nextEvent(work, 'begun');
    const running = ask(`${url}/orders/7/pay`, 'POST');
    await begun;
    const waiting = nextEvent(locks, 'waiting');
    const late = ask(`${url}/orders/7/pay`, 'POST');
    await waiting;
    const closed = app.close();
    expect(await late).toMatchObject({ status: 503, body: { code: 'LOCK_CLOSED' } });
    expect(await backEnd.manager().isLocked('order 7')).toBe(true);
    resume();
    expect(await running).toMatchObject({ status: 201 });
    await closed;
    expect(await backEnd.manager().isLocked('order 7')).toBe(false);
    expect(await rejection(locks.acquire('order 8'))).toMatchObject({ code: 'LOCK_CLOSED' });
  });

  it('its health is down while it drains, though the server answers', async () => {
    const { app, work } = await start(backEnd);
    const health = app.get(LockHealthIndicator);
    const resume = work.pause();
    const begun = nextEvent(work, 'begun');
    const running = app.get(Orders).pay(7);
    await begun;
    expect(await health.check()).toMatchObject({ status: 'up' });
    const waiting = nextEvent(app.get(LockManager), 'waiting');
    const late = rejection(app.get(Orders).pay(7));
    await waiting;
    const closed = app.close();
    expect(await late).toMatchObject({ code: 'LOCK_CLOSED' });
    const down = { status: 'down', code: 'LOCK_CLOSED' };
    expect(await health.check()).toMatchObject(down);
    expect(await rejection(health.isHealthy('locks'))).toMatchObject({ causes: { locks: down } });
    expect(work.inside).toBe(1);
    resume();
    expect(await running).toMatchObject({ id: 7 });
    await closed;
    expect(await health.check()).toMatchObject(down);
  });

  it('closes while something runs for too long: its lease ends', async () => {
    const { app, work, locks } = await start(backEnd, { drain: { waitTimeout: 50 } });
    const resume = work.pause();
    const begun = nextEvent(work, 'begun');
    const running = rejection(app.get(Orders).pay(7));
    await begun;
    await app.close();
    resume();
    expect(await running).toMatchObject({ code: 'LOCK_LOST', reason: 'closed' });
    expect(await rejection(locks.isLocked('x'))).toMatchObject({ code: 'LOCK_CLOSED' });
  });
});

onEachBackEnd('an application of several processes', (backEnd) => {
  const example = (workMs: number): Program =>
    new Program('examples/nestjs/main.ts', [], {
      THINGSDB_URL: backEnd.urls[0],
      THINGSDB_COLLECTION: backEnd.collection,
      PORT: '0',
      WORK_MS: String(workMs),
    });
  const urlOf = async (program: Program): Promise<string> =>
    (await program.printed(/listens on (\S+)/))[1] ?? '';

  it('goes on in another process when one is killed in the middle of a request', async () => {
    await using killed = example(600_000);
    const { url, locks } = await start(backEnd);
    const lost = rejection(fetch(`${await urlOf(killed)}/orders/7/pay`, { method: 'POST' }));
    await killed.printed(/paying order 7/);
    const { held } = await locks.query('order 7');
    const waiting = nextEvent(locks, 'waiting');
    const next = ask(`${url}/orders/7/pay`, 'POST');
    await waiting;
    await killed.kill();
    const killedMs = performance.now();
    await lost;
    const { status, body } = await next;
    expect(status).toBe(201);
    expect((body as Paid).token).toBeGreaterThan(held[0]?.fencingToken ?? Infinity);
    // No later than the lease of two seconds, and what a busy machine adds.
    expect(backEnd.ranMs(killedMs)).toBeLessThan(2_000 + 1_000);
  });

  it('at SIGTERM a process ends its requests, and gives its locks back', async () => {
    await using program = example(400);
    const url = await urlOf(program);
    const answer = ask(`${url}/orders/7/pay`, 'POST');
    await program.printed(/paying order 7/);
    program.interrupt();
    expect(await answer).toMatchObject({ status: 201, body: { order: '7' } });
    expect(await program.ended).toBe('SIGTERM');
    expect(program.lines.slice(1)).toEqual(['paying order 7', 'order 7 is paid']);
    expect(await backEnd.manager().isLocked('order 7')).toBe(false);
  });

  it('tells its health, and reads while nobody pays', async () => {
    await using program = example(10);
    const url = await urlOf(program);
    expect(await ask(`${url}/orders/7`)).toEqual({ status: 200, body: { order: '7' } });
    expect(await ask(`${url}/health`)).toMatchObject({ status: 200, body: { status: 'up' } });
  });
});

@Injectable()
class Reports {
  runs = 0;

  constructor(
    @InjectLockManager() readonly locks: LockManager,
    @InjectLockManager('reports') readonly own: LockManager,
  ) {}

  @Exclusive('nightly', { manager: 'reports', skipIfTaken: true, minHold: '500ms' })
  async nightly(): Promise<number | undefined> {
    this.runs++;
    return Promise.resolve(this.runs);
  }
}

onEachBackEnd('several managers', (backEnd) => {
  class Config {
    readonly options: LockModuleOptions = {
      url: backEnd.urls,
      auth: backEnd.auth,
      collection: backEnd.collection,
      owner: 'from a class',
    };

    createLockOptions(): Promise<LockModuleOptions> {
      return Promise.resolve(this.options);
    }
  }

  @Module({ providers: [Config], exports: [Config] })
  class ConfigModule {}

  const ways: Readonly<Record<string, Parameters<typeof LockModule.forRootAsync>[0]>> = {
    useClass: { useClass: Config },
    useExisting: { imports: [ConfigModule], useExisting: Config },
    useFactory: {
      imports: [ConfigModule],
      inject: [Config],
      useFactory: ({ options }: Config) => options,
    },
  };

  it.each(Object.keys(ways))('are told apart by name, with options by %s', async (way) => {
    const module = await Test.createTestingModule({
      imports: [
        LockModule.forRootAsync(ways[way] ?? {}),
        LockModule.forRootAsync({ ...ways[way], name: 'reports' }),
      ],
      providers: [Reports],
    }).compile();
    backEnd.atEnd(() => module.close());
    await module.init();
    const { locks, own } = module.get(Reports);
    expect(locks).not.toBe(own);
    expect(module.get(getLockManagerToken('reports'))).toBe(own);
    await using lease = await own.acquire('x');
    const { held } = await locks.query('x');
    expect(held).toMatchObject([{ owner: 'from a class', fencingToken: lease.fencingToken }]);
    expect(await module.get(LockHealthIndicator).check('reports')).toMatchObject({ status: 'up' });
  });

  it('drain together: all refuse new work at once, and the end takes no longer than with one', async () => {
    const waitMs = 1_500;
    const { urls: url, auth, collection } = backEnd;
    const options = { url, auth, collection, drain: { waitTimeout: waitMs } };
    const module = await Test.createTestingModule({
      imports: [LockModule.forRoot(options), LockModule.forRoot({ ...options, name: 'reports' })],
      providers: [Reports],
    }).compile();
    backEnd.atEnd(() => module.close());
    await module.init();
    const { locks, own } = module.get(Reports);
    // Neither ends by itself: each manager drains for the whole time.
    const leases = [await locks.acquire('a'), await own.acquire('b')];
    const waiting = [nextEvent(locks, 'waiting'), nextEvent(own, 'waiting')];
    const late = [rejection(locks.acquire('a')), rejection(own.acquire('b'))];
    await Promise.all(waiting);

    const startMs = performance.now();
    const closed = module.close();
    const refused = { code: 'LOCK_CLOSED' };
    expect(await Promise.all(late)).toMatchObject([refused, refused]);
    const news = [rejection(locks.acquire('c')), rejection(own.acquire('c'))];
    expect(await Promise.all(news)).toMatchObject([refused, refused]);
    expect(leases.map(({ signal }) => signal.aborted)).toEqual([false, false]);
    await closed;
    expect(leases.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    const tookMs = performance.now() - startMs;
    expect(tookMs).toBeGreaterThan(0.9 * waitMs);
    expect(backEnd.ranMs(startMs)).toBeLessThan(1.5 * waitMs);
  });

  it('a job that skips what is taken runs once, and its manager is the one it names', async () => {
    const { urls: url, auth, collection } = backEnd;
    const machines = await Promise.all(
      [1, 2, 3].map(() =>
        Test.createTestingModule({
          imports: [
            LockModule.forRoot({ url, auth, collection: `${collection}_none` }),
            LockModule.forRoot({ name: 'reports', url, auth, collection }),
          ],
          providers: [Reports],
        }).compile(),
      ),
    );
    for (const machine of machines) backEnd.atEnd(() => machine.close());
    const results = await Promise.all(machines.map((machine) => machine.get(Reports).nightly()));
    expect(results.filter((result) => result !== undefined)).toEqual([1]);
    expect(await backEnd.manager().isLocked('nightly')).toBe(true);
  });
});
