import { createHash } from 'node:crypto';

/** What stands in the built page where the page's token goes. */
const PAGE_TOKEN_PLACE = '%PAGE_TOKEN%';

/** The page as it is sent, and what browsers are told that it may do. */
export interface PageDocument {
  readonly html: string;
  readonly contentSecurityPolicy: string;
}

/** Everything of it is in one file: its own scripts and styles run, by their hashes, and nothing else. */
export function pageDocument(built: string, pageToken: string): PageDocument {
  const html = built.replace(PAGE_TOKEN_PLACE, pageToken);
  const policy = [
    "default-src 'none'",
    `script-src ${hashes(html, 'script')}`,
    `style-src ${hashes(html, 'style')}`,
    "connect-src 'self'",
    // Its own icon.
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ];
  return { html, contentSecurityPolicy: policy.join('; ') };
}

function hashes(html: string, tag: 'script' | 'style'): string {
  const elements = [...html.matchAll(new RegExp(`<${tag}[^>]*>([^]*?)</${tag}>`, 'g'))];
  const sources = elements.map(
    ([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`,
  );
  return sources.join(' ') || "'none'";
}
