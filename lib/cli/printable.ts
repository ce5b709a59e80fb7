/** What a terminal would take as an order, or for the end of a line. Names and owners are anybody's text. */
// eslint-disable-next-line no-control-regex
const ORDERS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Text of somebody else's, with what a terminal would obey shown as `\u001b`. */
export function printable(text: string): string {
  return text.replace(ORDERS, (order) => `\\u${order.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The same between quotes, as names are shown in sentences. */
export function quoted(text: string): string {
  return printable(JSON.stringify(text));
}
