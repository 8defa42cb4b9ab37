/** Formats of texts that something checks (`format` in a schema), each as upstream's registry of formats does. */

import { parseCidr, parseIp } from '../../api/net.ts';
import { parseDurationMs } from '../../base/duration.ts';
import { matchesPattern } from '../patterns.ts';
import { isEmailAddress } from './email-address.ts';
import { isRequestUri } from './request-uri.ts';

type Check = (text: string) => boolean;

const hostname =
  '^([a-zA-Z0-9\\p{S}\\p{L}]((-?[a-zA-Z0-9\\p{S}\\p{L}]{0,62})?)|([a-zA-Z0-9\\p{S}\\p{L}](([a-zA-Z0-9-\\p{S}\\p{L}]{0,61}[a-zA-Z0-9\\p{S}\\p{L}])?)(\\.)){1,}([a-zA-Z\\p{L}]){2,63})$';

/** By their names without dashes. */
const checks: ReadonlyMap<string, Check> = new Map(
  Object.entries({
    bsonobjectid: matching(/^[0-9a-fA-F]{24}$/),
    uri: isRequestUri,
    email: isEmailAddress,
    hostname: isHostname,
    ipv4: (text) => text.includes('.') && parseIp(withoutLeadingZeros(text)) !== undefined,
    ipv6: (text) => text.includes(':') && parseIp(text) !== undefined,
    cidr: (text) => parseCidr(withoutLeadingZeros(text)) !== undefined,
    mac: matching(
      /^(?:[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}(?:(?:[0-9a-f]{2}\1){2}|(?:[0-9a-f]{2}\1){14})?[0-9a-f]{2}|[0-9a-f]{4}\.(?:[0-9a-f]{4}\.){1,2}(?:(?:[0-9a-f]{4}\.){6})?[0-9a-f]{4})$/i,
    ),
    uuid: matching(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i),
    uuid3: matching(/^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i),
    uuid4: matching(/^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i),
    uuid5: matching(/^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i),
    isbn: (text) => isIsbn10(text) || isIsbn13(text),
    isbn10: isIsbn10,
    isbn13: isIsbn13,
    creditcard: isCreditCard,
    ssn: (text) => text.length === 11 && /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
    hexcolor: matching(/^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
    rgbcolor: isRgbColour,
    byte: (text) => text !== '' && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text),
    password: () => true,
    date: isDate,
    duration: isDuration,
    datetime: isDateTime,
    k8sshortname: (text) => text.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text),
    k8slongname: (text) =>
      text.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text),
  } satisfies Record<string, Check>),
);

/** What a text of the format must pass; undefined: nothing knows the format. Dashes in its name say nothing. */
export const formatCheck = (format: string): Check | undefined => checks.get(format.replaceAll('-', ''));

/** `expression` is a constant that takes linear time. */
function matching(expression: RegExp): Check {
  return (text) => expression.test(text);
}

function isRgbColour(text: string): boolean {
  const [, ...parts] = /^rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)$/.exec(text) ?? [];
  return parts.length === 3 && parts.every((part) => Number(part) <= 255 && !/^0\d/.test(part));
}

const maxHostnameBytes = 255;
const maxLabelBytes = 63;

function isHostname(text: string): boolean {
  if (Buffer.byteLength(text) > maxHostnameBytes || !matchesPattern(hostname, text)) return false;
  return text.split('.').every((label) => Buffer.byteLength(label) <= maxLabelBytes);
}

const maxAddressLength = 64;

/** Older Go took `010.0.0.1`, and so do these formats still. */
const withoutLeadingZeros = (text: string): string =>
  text.length > maxAddressLength ? '' : text.replace(/(^|[.:])0+(?=\d+(?:[./]|$))/g, '$1');

const digitsOf = (text: string): number[] => [...text].map((digit) => (digit === 'X' ? 10 : Number(digit)));
const withoutSpaces = (text: string): string => text.replace(/[\s-]+/g, '');

function isIsbn10(text: string): boolean {
  const digits = withoutSpaces(text);
  if (!/^(?:[0-9]{9}X|[0-9]{10})$/.test(digits)) return false;
  return digitsOf(digits).reduce((sum, digit, index) => sum + (index + 1) * digit, 0) % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const digits = withoutSpaces(text);
  if (!/^[0-9]{13}$/.test(digits)) return false;
  return digitsOf(digits).reduce((sum, digit, index) => sum + (index % 2 === 0 ? digit : 3 * digit), 0) % 10 === 0;
}

const creditCard =
  /^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})$/;

function isCreditCard(text: string): boolean {
  const digits = text.replace(/[^0-9]+/g, '');
  if (!creditCard.test(digits)) return false;
  const sum = digitsOf(digits)
    .reverse()
    .reduce((total, digit, index) => total + (index % 2 === 0 ? digit : Math.floor(digit / 5) + ((2 * digit) % 10)), 0);
  return sum % 10 === 0;
}

function isDate(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  if (year === undefined) return false;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  return date.getUTCMonth() + 1 === Number(month) && date.getUTCDate() === Number(day);
}

const timeOfDay = /^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$/;

function isDateTime(text: string): boolean {
  const [date = '', time] = text.toLowerCase().split('t');
  if (time === undefined || !isDate(date)) return false;
  const [, hours = '', minutes = '', seconds = ''] = timeOfDay.exec(time) ?? [];
  return hours !== '' && hours <= '23' && minutes <= '59' && seconds <= '59';
}

const unit = /^(?:ns|us|µs|ms|s|m|h|d|w|hr|wk|nano|micro|milli|sec|min|hour|day|week)$/i;
const longUnit = /^(?:nano|micro|milli|sec|min|hour|day|week)/i;

/** Go's durations, or any words among which stands `3 days`. */
function isDuration(text: string): boolean {
  if (parseDurationMs(text) !== undefined) return true;
  return [...text.matchAll(/(?<!\d)\d+\s*([A-Za-zµ]+)/g)].some(
    ([, word = '']) => unit.test(word) || longUnit.test(word),
  );
}
