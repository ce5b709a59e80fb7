import { PAGE_TOKEN_HEADER, type ChangeAnswer, type ChangeRequest } from '../messages.js';
import { addressOf } from './event-link.js';

/** Asks the server for a change. What goes wrong is an answer as well: it is for the person who reads it. */
export async function requestChange(change: ChangeRequest): Promise<ChangeAnswer> {
  const pageToken = document.querySelector<HTMLMetaElement>('meta[name="page-token"]')?.content ?? '';
  try {
    const response = await fetch(addressOf('/changes'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', [PAGE_TOKEN_HEADER]: pageToken },
      body: JSON.stringify(change),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type') === 'application/json';
    return isJson ? (JSON.parse(text) as ChangeAnswer) : { isDone: false, message: text.trim() };
  } catch {
    return { isDone: false, message: 'The live view does not answer: is thingsdb-lock ui still running?' };
  }
}
