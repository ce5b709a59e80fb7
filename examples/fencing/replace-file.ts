import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Replaces a file. Whoever reads it finds all of the old text or all of the new, also after a crash. When it resolves,
 * the new one is on the disk. For one writer at a time.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, 'w');
  try {
    await file.writeFile(text);
    // Before the name is given: otherwise the name can be on the disk and the text not.
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  // On Windows a folder cannot be opened.
  if (process.platform !== 'win32') await syncFolder(dirname(path));
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
