import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = join(__dirname, '../../docs/OPERATIONS.md');

/** The lines that docs/OPERATIONS.md gives a role, as they stand there. */
export function documentedRights(role: string): string {
  const page = readFileSync(PAGE, 'utf8');
  const lines = new RegExp(`<!-- rights: ${role} -->\\s+\`\`\`\\n([^\`]+)\`\`\``).exec(page)?.[1];
  if (lines === undefined) throw new Error(`docs/OPERATIONS.md has no rights for ${role}`);
  return lines;
}

/** All roles that the page has. */
export function documentedRoles(): string[] {
  return [...readFileSync(PAGE, 'utf8').matchAll(/<!-- rights: (.+) -->/g)].map(([, role]) => role ?? '');
}
