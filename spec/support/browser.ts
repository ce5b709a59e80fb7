import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const ROOT = join(__dirname, '../..');
const PATHS = [process.env['CHROMIUM'] ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser'];

const path = PATHS.find((one) => one !== '' && existsSync(one));

/** Why nothing can be seen in a browser here, if that is so. */
export const noBrowser =
  path === undefined ? 'Chromium is not installed (CHROMIUM names another place)' : undefined;

export function startBrowser(): Promise<Browser> {
  // In containers tests run as root, and shared memory is small.
  return chromium.launch({ executablePath: path ?? '', args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** The page of the live view, as a build makes it. */
export function builtPage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'thingsdb-lock-page-'));
  try {
    const file = join(folder, 'page.html');
    execFileSync(process.execPath, [join(ROOT, 'scripts/build-page.mjs'), file], { stdio: 'inherit' });
    return readFileSync(file, 'utf8');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
