import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import type { Pem, TlsOptions } from './manager-options.js';

/** What is wrong with one of the options of TLS: never a part of a key. */
export interface TlsProblem {
  readonly option: keyof TlsOptions;
  readonly message: string;
}

const CERTIFICATE = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^]*?(?=-----BEGIN |$)/g;
const NO_CERTIFICATE = 'expected certificates as PEM; what is given cannot be read';
const NO_KEY =
  'expected a private key as PEM, and its passphrase if it has one; what is given cannot be read';
const OTHER_KEY = 'expected the key of the certificate that is given as cert; it is of another one';
const NEEDS_KEY = 'expected together with its key: without that no connection could show the certificate';
const NEEDS_CERT =
  'expected together with cert, its certificate: without that no connection could use the key';
const NEEDS_ENCRYPTED = 'expected together with the key that it decrypts';
const NO_NAME =
  'expected the name of a host; TLS knows no IP addresses here (RFC 6066), and the certificate is checked for the address itself';

/** What would fail at each connection, or be passed over by it. It is found before the first; `undefined` if there is none. */
export function tlsProblem(options: TlsOptions): TlsProblem | undefined {
  const { ca, cert, key, passphrase, servername } = options;
  if (isIP(servername ?? '') !== 0) return { option: 'servername', message: NO_NAME };
  if (ca !== undefined && certificatesOf(ca) === undefined) return { option: 'ca', message: NO_CERTIFICATE };
  const certificates = cert === undefined ? [] : certificatesOf(cert);
  if (certificates === undefined) return { option: 'cert', message: NO_CERTIFICATE };
  const keys = key === undefined ? [] : keysOf(key, passphrase);
  if (keys === undefined) return { option: 'key', message: NO_KEY };
  const alone = withoutPartner(options);
  if (alone !== undefined) return alone;
  const [own] = certificates;
  const isOther = own !== undefined && keys.length > 0 && !keys.some((one) => own.checkPrivateKey(one));
  return isOther ? { option: 'key', message: OTHER_KEY } : undefined;
}

/** Node takes a certificate or a key alone, and shows the server neither. */
function withoutPartner({ cert, key, passphrase }: TlsOptions): TlsProblem | undefined {
  if (cert !== undefined && key === undefined) return { option: 'cert', message: NEEDS_KEY };
  if (key !== undefined && cert === undefined) return { option: 'key', message: NEEDS_CERT };
  if (passphrase !== undefined && key === undefined)
    return { option: 'passphrase', message: NEEDS_ENCRYPTED };
  return undefined;
}

/** `undefined` if there is none, or one cannot be read. */
function certificatesOf(pem: Pem): X509Certificate[] | undefined {
  const texts = [pem].flat().map((part) => part.toString('latin1').match(CERTIFICATE));
  if (texts.length === 0 || texts.includes(null)) return undefined;
  try {
    return texts.flatMap((found) => found ?? []).map((text) => new X509Certificate(text));
  } catch {
    return undefined;
  }
}

/** `undefined` if there is none, or one cannot be read. */
function keysOf(pem: Pem, passphrase: string | undefined): KeyObject[] | undefined {
  try {
    const keys = [pem].flat().map((part) => createPrivateKey({ key: part, format: 'pem', passphrase }));
    return keys.length === 0 ? undefined : keys;
  } catch {
    return undefined;
  }
}
