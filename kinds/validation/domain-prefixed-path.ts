/** Names of the form `acme.io/foo`: a domain, a slash, and what a URL's path may hold. */

import { checkDns1123Subdomain } from './names.ts';

const pathPart = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/;

export function isDomainPrefixedPath(text: string): boolean {
  const slash = text.indexOf('/');
  if (slash <= 0) return false;
  return checkDns1123Subdomain(text.slice(0, slash)).length === 0 && pathPart.test(text.slice(slash + 1));
}
