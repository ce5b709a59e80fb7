import { get } from 'node:http';

/** The server-sent events of an address. */
export interface EventText {
  /** All that has come so far. */
  readonly text: () => string;
  readonly end: () => void;
}

export function eventText(address: string): EventText {
  let text = '';
  const request = get(address, { agent: false }, (response) => {
    response.setEncoding('utf8').on('data', (part: string) => (text += part));
    response.on('error', () => undefined);
  });
  // It is ended by one side or the other: both are no error here.
  request.on('error', () => undefined);
  return { text: () => text, end: () => void request.destroy() };
}
