/** The PROXY protocol, version 1 and 2: who is really connected, said before anything else by the balancer in front. Pure. */

import { parseIp } from '../../api/net.ts';
import type { ClientAddress } from '../messages/forwarded-headers.ts';

export type ProxyHeader =
  | { readonly is: 'incomplete' }
  | { readonly is: 'invalid' }
  /** `client` undefined: the balancer speaks for itself, for instance to see whether we are there. */
  | { readonly is: 'complete'; readonly length: number; readonly client: ClientAddress | undefined };

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const longestLine = 107;
const longestBinary = 16 + 1024;

export function readProxyHeader(bytes: Buffer): ProxyHeader {
  const isBinary = signature.subarray(0, bytes.length).equals(bytes.subarray(0, signature.length));
  return isBinary ? readBinary(bytes) : readLine(bytes);
}

function readLine(bytes: Buffer): ProxyHeader {
  const start = bytes.toString('latin1', 0, longestLine);
  if (!'PROXY '.startsWith(start.slice(0, 6))) return { is: 'invalid' };
  const end = start.indexOf('\r\n');
  if (end < 0) return { is: start.length < longestLine ? 'incomplete' : 'invalid' };
  const [, family, source = '', , port = '', ...rest] = start.slice(0, end).split(' ');
  const length = end + 2;
  if (family === 'UNKNOWN') return { is: 'complete', length, client: undefined };
  const wanted = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : undefined;
  const isGood = wanted !== undefined && parseIp(source)?.family === wanted && rest.length === 1 && isPort(port);
  return isGood ? { is: 'complete', length, client: { address: source, port: Number(port) } } : { is: 'invalid' };
}

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) <= 65_535;

function readBinary(bytes: Buffer): ProxyHeader {
  if (bytes.length < 16) return { is: 'incomplete' };
  const [version, family] = [bytes.readUInt8(12), bytes.readUInt8(13)];
  const length = 16 + bytes.readUInt16BE(14);
  if (version >> 4 !== 2 || length > longestBinary) return { is: 'invalid' };
  if (bytes.length < length) return { is: 'incomplete' };
  if ((version & 0xf) === 0) return { is: 'complete', length, client: undefined };
  if ((version & 0xf) !== 1) return { is: 'invalid' };
  if (family === 0x11 && length >= 16 + 12)
    return {
      is: 'complete',
      length,
      client: { address: [...bytes.subarray(16, 20)].join('.'), port: bytes.readUInt16BE(24) },
    };
  if (family === 0x21 && length >= 16 + 36)
    return {
      is: 'complete',
      length,
      client: { address: ipv6Of(bytes.subarray(16, 32)), port: bytes.readUInt16BE(48) },
    };
  return family === 0 ? { is: 'complete', length, client: undefined } : { is: 'invalid' };
}

const ipv6Of = (bytes: Buffer): string =>
  Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(group * 2).toString(16)).join(':');
