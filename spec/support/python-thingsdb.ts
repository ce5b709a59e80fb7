import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** All of it together: a machine without network must not wait long to learn that there is none. */
const INSTALL_LIMIT_MS = 30_000;

/** What pip is asked for: a version or a folder may be named instead. */
const PACKAGE = process.env['PYTHON_THINGSDB'] ?? 'python-thingsdb';

/** Where python3 finds python-thingsdb, or why that cannot be had. */
export type PythonThingsDB =
  | { readonly env: { readonly PYTHONPATH: string }; remove(): void }
  | { readonly env: undefined; readonly reason: string };

/** Installs the package from PyPI (or wherever pip is told to look) into a folder of its own. */
export function installPythonThingsDB(): PythonThingsDB {
  const endMs = Date.now() + INSTALL_LIMIT_MS;
  const folder = mkdtempSync(join(tmpdir(), 'python-thingsdb-'));
  const env = { PYTHONPATH: folder };
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries', '1'];
  const steps: [what: string, args: string[]][] = [
    [`pip install ${PACKAGE}`, [...pip, '--target', folder, PACKAGE]],
    ['import thingsdb.misc.lock', ['-c', 'import thingsdb.misc.lock']],
  ];
  for (const [what, args] of steps) {
    const { status, error, stderr } = spawnSync('python3', args, {
      encoding: 'utf8',
      env: { ...process.env, ...env },
      timeout: Math.max(1, endMs - Date.now()),
    });
    if (status === 0) continue;
    rmSync(folder, { recursive: true, force: true });
    const detail = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
    return { env: undefined, reason: `${what} failed: ${detail}` };
  }
  return { env, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
