import {
  ConfigurableModuleBuilder,
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnModuleInit,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { LockOptionsError } from '../errors.js';
import { LockManager } from '../lock-manager.js';
import type { DrainOptions } from '../options/manager-options.js';
import { resolveDrainOptions } from '../options/resolved-manager-options.js';
import { parametersWithoutLock } from './current-lease.js';
import { LockHealthIndicator } from './lock-health-indicator.js';
import type { LockModuleAsyncOptions, LockModuleExtras, LockModuleOptions } from './lock-module-options.js';
import { getLockManagerToken } from './manager-token.js';

const OWN_MANAGER = Symbol('the LockManager of this LockModule');
/** Docker kills a container 10 s after it was told to stop, Kubernetes after 30 s. */
const DEFAULT_DRAIN: DrainOptions = { waitTimeout: '8s' };

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<LockModuleOptions>({
  moduleName: 'Lock',
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createLockOptions')
  .setExtras<LockModuleExtras>({ name: undefined, isGlobal: true }, withManager)
  .build();

/** The options come from `forRoot` or `forRootAsync`; the manager is made of them once. */
function withManager(definition: DynamicModule, { name, isGlobal }: LockModuleExtras): DynamicModule {
  const token = getLockManagerToken(name);
  return {
    ...definition,
    global: isGlobal ?? true,
    providers: [
      ...(definition.providers ?? []),
      { provide: OWN_MANAGER, useFactory: managerOf, inject: [MODULE_OPTIONS_TOKEN] },
      { provide: token, useExisting: OWN_MANAGER },
      LockHealthIndicator,
    ],
    exports: [token, LockHealthIndicator],
  };
}

function managerOf({ drain, ...options }: LockModuleOptions): LockManager {
  // A wrong one is told when the application starts, not when it ends.
  resolveDrainOptions(drain);
  return new LockManager(options);
}

/**
 * Provides a {@link LockManager} to the application. It connects when it is used first.
 *
 * When the application closes (`app.close()`, or a signal after `app.enableShutdownHooks()`), the manager drains.
 * Nothing new is taken, calls that wait reject with `LockClosedError`, and what runs may end within
 * `drain.waitTimeout`. Then it closes. That is before the HTTP server closes, so that no request that waits for a lock
 * keeps the server open. Several managers drain together.
 *
 * @example
 * imports: [LockModule.forRoot({ url: 'thingsdb://127.0.0.1:9200', auth: { username: 'admin', password: 'pass' } })]
 */
@Module({})
export class LockModule extends ConfigurableModuleClass implements OnModuleInit, BeforeApplicationShutdown {
  readonly #manager: LockManager;
  readonly #drain: DrainOptions;
  readonly #modules: ModulesContainer;

  /** @internal */
  constructor(
    @Inject(OWN_MANAGER) manager: LockManager,
    @Inject(MODULE_OPTIONS_TOKEN) { drain = DEFAULT_DRAIN }: LockModuleOptions,
    @Inject(ModulesContainer) modules: ModulesContainer,
  ) {
    super();
    this.#manager = manager;
    this.#drain = drain;
    this.#modules = modules;
  }

  /** With options that are known. Several managers are told apart by `name`. */
  static override forRoot(options: LockModuleOptions & LockModuleExtras): DynamicModule {
    return super.forRoot(options);
  }

  /** With options that another provider has, or a promise gives. */
  static override forRootAsync(options: LockModuleAsyncOptions): DynamicModule {
    return super.forRootAsync(options);
  }

  /** As Nest calls it. @throws LockOptionsError for a parameter with `@CurrentLease()` that would never get a lease */
  onModuleInit(): void {
    const [spot] = parametersWithoutLock();
    if (spot === undefined) return;
    throw new LockOptionsError(
      `${spot} has a parameter with @CurrentLease(), and neither @Exclusive nor @Shared`,
    );
  }

  /** As Nest calls it, of one module after the other: the first call drains the managers of all. */
  async beforeApplicationShutdown(): Promise<void> {
    const drains = [...this.#modules.values()].flatMap(({ instance }) =>
      // One that Nest could not make has no manager.
      instance instanceof LockModule && #manager in instance
        ? [instance.#manager.drain(instance.#drain)]
        : [],
    );
    await Promise.all(drains);
  }
}
