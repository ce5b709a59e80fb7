import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';

export interface OwnPackage {
  readonly folder: string;
  readonly version: string | undefined;
}

/** The package of this program: above its file, but how far differs between the sources and a build. */
export function ownPackage(): OwnPackage | undefined {
  let folder = path.dirname(realpathSync(process.argv[1] ?? '.'));
  for (;;) {
    const found = packageJson(path.join(folder, 'package.json'));
    if (found?.name === 'thingsdb-lock') return { folder, version: found.version };
    const parent = path.dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}

function packageJson(file: string): { name?: string; version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
  } catch {
    return undefined;
  }
}
