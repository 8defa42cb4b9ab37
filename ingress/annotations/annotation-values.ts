/** Values of annotations, as people write them. What is none is undefined: the caller says so to its owner. Pure. */

import { type Network, parseCidr, parseIp } from '../../api/net.ts';

export const readBoolean = (text: string): boolean | undefined =>
  text === 'true' ? true : text === 'false' ? false : undefined;

const units: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** Bytes, as nginx has them: `8m`, `512k`, `1g`, `1024`. */
export function readBytes(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,12})([kmg]?)$/i.exec(text.trim()) ?? [];
  return digits === undefined ? undefined : Number(digits) * (units[unit.toLowerCase()] ?? 1);
}

const longestSeconds = 7 * 24 * 3600;

/** `60` or `60s`, in milliseconds: a second at least, a week at most. */
export function readSeconds(text: string): number | undefined {
  const [, digits] = /^(\d{1,7})s?$/.exec(text.trim()) ?? [];
  const seconds = Number(digits);
  return digits === undefined || seconds < 1 || seconds > longestSeconds ? undefined : seconds * 1000;
}

export const readNumber = (text: string, least: number, most: number): number | undefined =>
  /^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : undefined;

export function readWord<Word extends string>(text: string, words: readonly Word[]): Word | undefined {
  return words.find((word) => word === text.trim().toUpperCase());
}

/** Networks and addresses, separated by commas. */
export function readNetworks(text: string): readonly Network[] | undefined {
  const parts = text.split(',').map((part) => part.trim());
  const networks = parts.flatMap((part) => networkOf(part) ?? []);
  return networks.length === parts.length ? networks : undefined;
}

function networkOf(text: string): Network | undefined {
  const ip = parseIp(text);
  return ip === undefined ? parseCidr(text) : parseCidr(`${text}/${ip.family === 4 ? 32 : 128}`);
}

/** Where a redirection leads: a URL of http or https, and nothing that could end a header. */
export function readUrl(text: string): string | undefined {
  return /^https?:\/\/[\x21-\x7e]+$/.test(text) && URL.canParse(text) ? text : undefined;
}

/** A path of our own that a client is sent to, or that a backend is asked for. */
export const readPath = (text: string): string | undefined => (/^\/[\x21-\x7e]*$/.test(text) ? text : undefined);

/** A host, with or without a port, for the header of that name. */
export const readHostHeader = (text: string): string | undefined =>
  /^[a-z0-9._-]{1,253}(:\d{1,5})?$/i.test(text) ? text : undefined;
