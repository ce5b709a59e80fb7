import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Unavailable } from './unavailable.js';

const NODE_PACKAGES = path.join(__dirname, 'node_modules');
const PYTHON_PACKAGES = path.join(__dirname, 'python_modules');
const PYTHON_THINGSDB = process.env['PYTHON_THINGSDB'] ?? 'python-thingsdb==1.4.1';

/** Installs the pinned packages that only the benchmarks need, the first time. Says why if it cannot. */
export function installPeers(say: (line: string) => void): void {
  if (existsSync(NODE_PACKAGES)) return;
  say('installing the packages of the other locks, once');
  const { status, stderr } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: __dirname,
    encoding: 'utf8',
  });
  if (status !== 0) say(`npm ci in bench failed, so the other locks are not measured: ${stderr.trim()}`);
}

/** Where python3 finds python-thingsdb, which is installed the first time. @throws Unavailable */
export function pythonEnvironment(): NodeJS.ProcessEnv {
  const env = { PYTHONPATH: PYTHON_PACKAGES };
  const canImport = (): boolean =>
    spawnSync('python3', ['-c', 'import thingsdb.misc.lock'], { env: { ...process.env, ...env } }).status ===
    0;
  if (canImport()) return env;
  const args = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--target',
    PYTHON_PACKAGES,
  ];
  const { error, stderr } = spawnSync('python3', [...args, PYTHON_THINGSDB], { encoding: 'utf8' });
  if (canImport()) return env;
  const reason = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
  throw new Unavailable(`${PYTHON_THINGSDB} cannot be installed for python3: ${reason}`);
}
