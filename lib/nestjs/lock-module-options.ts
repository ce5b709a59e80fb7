import type { ConfigurableModuleAsyncOptions } from '@nestjs/common';
import type { DrainOptions, LockManagerOptions } from '../options/manager-options.js';

/** How the manager reaches ThingsDB, as {@link LockManagerOptions} says; and how it ends. */
export interface LockModuleOptions extends LockManagerOptions {
  /**
   * How the manager is drained when the application closes: what runs may end within `waitTimeout`. Default 8 s. It has to be
   * shorter than the time until whoever stops the process kills it.
   */
  readonly drain?: DrainOptions | undefined;
}

/** What the module has to know before there are options. */
export interface LockModuleExtras {
  /** The manager's name, if an application has several. Default: none. */
  readonly name?: string | undefined;
  /** Whether all modules see the manager. `false`: only those that import this module. Default true. */
  readonly isGlobal?: boolean | undefined;
}

/**
 * Where the options come from: `useFactory` with `inject`, or a class with the method `createLockOptions` (`useClass`
 * makes it, `useExisting` finds it). `imports` are the modules that these need.
 */
export type LockModuleAsyncOptions = ConfigurableModuleAsyncOptions<LockModuleOptions, 'createLockOptions'> &
  LockModuleExtras;
