/** URIs as Go's `url.ParseRequestURI` takes them: absolute ones, and absolute paths. */

import { parseIp } from '../../api/net.ts';

export function isRequestUri(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (text === '' || /[\u0000-\u001f\u007f]/.test(text)) return false;
  if (text === '*') return true;
  if (text.startsWith(':')) return false;
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:/.exec(text)?.[0] ?? '';
  const [rest = ''] = text.slice(scheme.length).split('?', 1);
  if (!rest.startsWith('/')) return scheme !== '';
  const hasAuthority = rest.startsWith('//') && scheme !== '';
  if (!hasAuthority) return isEscaped(rest);
  const end = rest.indexOf('/', 2);
  const [authority, path] = end < 0 ? [rest.slice(2), ''] : [rest.slice(2, end), rest.slice(end)];
  return isAuthority(authority) && isEscaped(path);
}

/** Every percent sign begins an escaped byte. */
const isEscaped = (text: string): boolean => !/%(?![0-9A-Fa-f]{2})/.test(text);

const userInfo = /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/;

function isAuthority(authority: string): boolean {
  const at = authority.lastIndexOf('@');
  const user = authority.slice(0, Math.max(0, at));
  return userInfo.test(user) && isEscaped(user) && isHost(authority.slice(at + 1));
}

const port = /^(?::[0-9]*)?$/;
const hostName = /^(?:[A-Za-z0-9\-_.~!$&'()*+,;=:<>"[\]]|[^\0-\x7f]|%[89A-Fa-f][0-9A-Fa-f])*$/;

function isHost(host: string): boolean {
  if (host.startsWith('[')) {
    const end = host.lastIndexOf(']');
    if (end < 0 || !port.test(host.slice(end + 1))) return false;
    const [address = '', zone] = host.slice(1, end).split('%25', 2);
    return address.includes(':') && parseIp(address) !== undefined && (zone === undefined || isEscaped(zone));
  }
  const colon = host.lastIndexOf(':');
  return (colon < 0 || port.test(host.slice(colon))) && hostName.test(host);
}
