import { PAGE_TOKEN_HEADER, type ChangeAnswer, type ChangeRequest } from '../messages.js';
import { addressOf } from './event-link.js';

/** How long an answer may take: the change itself is given up earlier by the server. */
const ANSWER_WITHIN_MS = 15_000;

/** Asks the server for a change. What goes wrong is an answer as well: it is for the person who reads it. */
export async function requestChange(change: ChangeRequest): Promise<ChangeAnswer> {
  const pageToken = document.querySelector<HTMLMetaElement>('meta[name="page-token"]')?.content ?? '';
  try {
    const response = await fetch(addressOf('/changes'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', [PAGE_TOKEN_HEADER]: pageToken },
      body: JSON.stringify(change),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type') === 'application/json';
    return isJson ? (JSON.parse(text) as ChangeAnswer) : { isDone: false, message: text.trim() };
  } catch (error) {
    if (error instanceof DOMException && error.name === 'TimeoutError') {
      const message = 'The live view has not answered in time: the change may be made all the same.';
      return { isDone: false, message };
    }
    return { isDone: false, message: 'The live view does not answer: is thingsdb-lock ui still running?' };
  }
}
