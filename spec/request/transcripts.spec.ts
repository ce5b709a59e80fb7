/**
 * The life of a request in transcripts that a person can read: what happens to it, and what it does about that. To write
 * the second half of each paragraph anew, for a person to read the difference:
 *
 *     TRANSCRIPTS=write npx jest spec/request/transcripts.spec.ts
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { played } from './transcript.js';

const FOLDER = join(__dirname, 'transcripts');
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.txt'));

it.each(files)('%s', (file) => {
  const path = join(FOLDER, file);
  const text = readFileSync(path, 'utf8');
  const now = played(text);
  if (process.env['TRANSCRIPTS'] === 'write') writeFileSync(path, now);
  expect(now).toBe(process.env['TRANSCRIPTS'] === 'write' ? now : text);
});

it('a transcript that says something else fails', () => {
  const text = readFileSync(join(FOLDER, 'free.txt'), 'utf8');
  expect(played(text.replaceAll('59900 ms left', '59899 ms left'))).not.toBe(
    text.replaceAll('59900 ms left', '59899 ms left'),
  );
});
