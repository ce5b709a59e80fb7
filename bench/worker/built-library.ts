/**
 * Makes this process use the library as esbuild bundles it, which is what users have. One file exports all that
 * benchmarks use, whatever module it is of. From its sources tsx makes slower code: it gives each function its name anew
 * whenever one is made. To be imported before anything of the library.
 */
import { existsSync } from 'node:fs';
import Module from 'node:module';
import path from 'node:path';
import { FROM_SOURCES } from './from-sources.js';

const SOURCES = path.join(__dirname, '../../lib') + path.sep;
const BUILT = path.join(__dirname, '../../built/library.js');

type Resolve = (this: unknown, request: string, ...rest: unknown[]) => string;

const loader = Module as unknown as { _resolveFilename: Resolve };
const resolve = loader._resolveFilename;

loader._resolveFilename = function (request, ...rest) {
  const file = resolve.call(this, request, ...rest);
  if (process.env[FROM_SOURCES] !== undefined || !file.startsWith(SOURCES)) return file;
  if (!existsSync(BUILT)) throw new Error(`${BUILT} is not there: node scripts/build.mjs --bench built`);
  return BUILT;
};
