import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { of, type Observable } from 'rxjs';
import { type Lease, LockManager } from '../../lib/index.js';
import { CurrentLease, Exclusive, LockModule, Shared } from '../../lib/nestjs/index.js';
import { compile } from '../support/compile.js';
import { rejection } from '../support/until.js';

const OPTIONS = { url: 'thingsdb://127.0.0.1:1', auth: { username: 'admin', password: 'pass' } };

/** What is thrown where a class is declared. */
function declaring(declare: () => unknown): unknown {
  try {
    declare();
  } catch (error) {
    return error;
  }
  throw new Error('it was declared');
}

describe('an application that lacks something', () => {
  @Injectable()
  class Orders {
    @Exclusive('orders')
    async pay(): Promise<void> {
      return Promise.resolve();
    }
  }

  it('does not start without LockModule, and says what to import', async () => {
    const started = Test.createTestingModule({ providers: [Orders] }).compile();
    expect(await rejection(started)).toMatchObject({
      message: expect.stringMatching(
        /Orders.*need a lock manager: import LockModule\.forRoot\(\{ url, auth \}\)/,
      ) as string,
    });
  });

  it('does not start without a manager of the name that is asked for', async () => {
    @Injectable()
    class Reports {
      @Shared('reports', { manager: 'archive' })
      async read(): Promise<void> {
        return Promise.resolve();
      }
    }
    const started = Test.createTestingModule({
      imports: [LockModule.forRoot(OPTIONS)],
      providers: [Reports],
    }).compile();
    expect(await rejection(started)).toMatchObject({
      message: expect.stringContaining("import LockModule.forRoot({ name: 'archive', url, auth })") as string,
    });
  });

  it('does not start with options that are wrong', async () => {
    const start = (options: object): Promise<unknown> =>
      Test.createTestingModule({ imports: [LockModule.forRoot({ ...OPTIONS, ...options })] }).compile();
    expect(await rejection(start({ user: 'admin' }))).toMatchObject({ code: 'LOCK_OPTIONS' });
    expect(await rejection(start({ drain: { timeout: 5 } }))).toMatchObject({
      message: expect.stringContaining('waitTimeout') as string,
    });
  });

  it('refuses a call on an object that Nest has not made, and says so', async () => {
    expect(await rejection(new Orders().pay())).toMatchObject({
      code: 'LOCK_OPTIONS',
      message: expect.stringMatching(/^@Exclusive of Orders\.pay\(\): .*Nest has not made it/) as string,
    });
  });

  it('does not start with a lease as parameter of a method without a lock', async () => {
    class Careless {
      async pay(@CurrentLease() _lease: Lease): Promise<void> {
        return Promise.resolve();
      }
    }
    const module = await Test.createTestingModule({ imports: [LockModule.forRoot(OPTIONS)] }).compile();
    expect(await rejection(module.init())).toMatchObject({
      message: expect.stringMatching(/^Careless\.pay\(\) has a parameter with @CurrentLease\(\)/) as string,
    });
    // From here on it has one: other tests are not to find it.
    const { prototype } = Careless;
    Exclusive('x')(prototype, 'pay', Object.getOwnPropertyDescriptor(prototype, 'pay') as never);
  });
});

describe('a lock that cannot be is refused where it stands', () => {
  it.each([
    ['an empty name', () => Exclusive(''), /^@Exclusive of Orders\.pay\(\): invalid name: ""/],
    ['no names', () => Shared([]), /^@Shared of Orders\.pay\(\): invalid names/],
    [
      'a wrong ttl',
      () => Exclusive('x', { ttl: '5 parsecs' }),
      /^@Exclusive of Orders\.pay\(\): .*ttl is "5 parsecs"/,
    ],
    ['an unknown option', () => Exclusive('x', { timeout: 5 } as never), /waitTimeout/],
    [
      'to skip and to wait',
      () => Exclusive('x', { skipIfTaken: true, waitTimeout: 5 } as never),
      /skipIfTaken does not wait/,
    ],
  ])('%s', (_what, decorator, message) => {
    const declare = (): unknown => {
      class Orders {
        async pay(): Promise<void> {
          return Promise.resolve();
        }
      }
      const { prototype } = Orders;
      return decorator()(prototype, 'pay', Object.getOwnPropertyDescriptor(prototype, 'pay') as never);
    };
    expect(declaring(declare)).toMatchObject({
      code: 'LOCK_OPTIONS',
      message: expect.stringMatching(message) as string,
    });
  });

  it('on what is no method of an instance', () => {
    const statically = declaring(() => {
      class Orders {
        @Exclusive('x')
        static async pay(): Promise<void> {
          return Promise.resolve();
        }
      }
      return Orders;
    });
    expect(statically).toMatchObject({ message: '@Exclusive is for methods of instances; pay is static' });
    const standard = declaring(() =>
      Exclusive('x')(() => 0, { kind: 'method' } as never, undefined as never),
    );
    expect(standard).toMatchObject({ message: expect.stringContaining('experimentalDecorators') as string });
  });
});

describe('a locked method', () => {
  /** In place of a manager: Nest takes anything for it, and so can a test of a service. */
  const manager = {
    runExclusive: (_names: unknown, run: (lease: unknown) => unknown) => run({ isLease: true }),
  };

  @Injectable()
  class Service {
    @Exclusive('x')
    async pay(first: number, second = 2, @CurrentLease() lease?: Lease): Promise<unknown> {
      return Promise.resolve([first, second, lease]);
    }

    @Exclusive('x')
    async stream(): Promise<Observable<number>> {
      return Promise.resolve(of(1));
    }
  }

  const made = async (): Promise<Service> => {
    const module = await Test.createTestingModule({
      providers: [Service, { provide: LockManager, useValue: manager }],
    }).compile();
    return module.get(Service);
  };

  it('is given its lease, whatever its caller gives', async () => {
    const service = await made();
    expect(await service.pay(1)).toEqual([1, 2, { isLease: true }]);
    expect(await service.pay(1, 3, {} as Lease)).toEqual([1, 3, { isLease: true }]);
  });

  it('keeps its name and its number of parameters', () => {
    expect({ name: Service.prototype.pay.name, length: Service.prototype.pay.length }).toEqual({
      name: 'pay',
      length: 1,
    });
  });

  it('that gives an Observable is told that it would run without the lock', async () => {
    const service = await made();
    expect(await rejection(service.stream())).toMatchObject({
      message: expect.stringMatching(/^@Exclusive of Service\.stream\(\): .*Observable/) as string,
    });
  });
});

describe('the types of the decorators', () => {
  const GOOD = [
    "@Exclusive('x') async pay(): Promise<void> {}",
    "@Exclusive('x', { ttl: '5s', manager: 'reports' }) async pay(id: string): Promise<string> { return id; }",
    '@Exclusive((id: string) => id) async pay(id: string, much: number): Promise<string> { return id + much; }',
    '@Exclusive((id: string | number) => `${id}`) async pay(id: string): Promise<string> { return id; }',
    "@Shared(() => ['a', 'b']) private async pay(id: string): Promise<string> { return id; } a = this.pay('x');",
    '@Exclusive((id: string) => id) async pay(id: string, @CurrentLease() lease?: Lease): Promise<string> { return id + lease?.name; }',
    "@Exclusive('x', { skipIfTaken: true }) async pay(): Promise<void> {}",
    "@Exclusive('x', { skipIfTaken: true }) async pay(): Promise<string | undefined> { return ''; }",
  ];
  const BAD: readonly (readonly [string, RegExp])[] = [
    ["@Exclusive('x') pay(): void {}", /Promise/],
    [
      '@Exclusive((id: number) => `${id}`) async pay(id: string): Promise<string> { return id; }',
      /other arguments/,
    ],
    [
      '@Exclusive((a: string, b: string) => a + b) async pay(id: string): Promise<string> { return id; }',
      /other arguments/,
    ],
    [
      '@Exclusive(async (id: string) => id) async pay(id: string): Promise<string> { return id; }',
      /Promise<string>/,
    ],
    ["@Exclusive('x', { timeout: 5 }) async pay(): Promise<void> {}", /timeout/],
    ["@Exclusive('x', { mode: 'shared' }) async pay(): Promise<void> {}", /mode/],
    ["@Shared('x', { steal: true }) async pay(): Promise<void> {}", /steal/],
    [
      "@Exclusive('x', { skipIfTaken: true }) async pay(): Promise<string> { return ''; }",
      /may give undefined/,
    ],
    [
      "@Exclusive('x') async pay(@CurrentLease() lease: string): Promise<string> { return lease; }",
      /has to be a Lease/,
    ],
    ["@Exclusive('x') a = 5;", /./],
  ];
  const members = [...GOOD, ...BAD.map(([member]) => member)];
  const told = compile([], {
    'spec/types/nestjs-types.ts':
      "import type { Lease } from '../../lib/index.js'; import { CurrentLease, Exclusive, Shared } from '../../lib/nestjs/index.js';\n" +
      members.map((member, i) => `export class Orders${i} { ${member} }\n`).join(''),
  });
  const toldOf = (member: string): string[] =>
    told.filter((message) =>
      message.startsWith(`spec/types/nestjs-types.ts:${members.indexOf(member) + 2}: `),
    );

  it.each(GOOD)('take %s', (member) => {
    expect(toldOf(member)).toEqual([]);
  });

  it.each(BAD)('refuse %s', (member, message) => {
    expect(toldOf(member).join('\n')).toMatch(message);
  });
});
