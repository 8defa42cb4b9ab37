/** A resolver's configuration as `/etc/resolv.conf` has it (resolv.conf(5)): read, and which file is a node's real one. */

import { readFile } from 'node:fs/promises';

export interface ResolverConfiguration {
  readonly nameservers: readonly string[];
  /** Without a dot at their ends. */
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

export function parseResolvConf(text: string): ResolverConfiguration {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  const valuesOf = (key: string) => lines.filter(([first]) => first === key).flatMap(([, ...values]) => values);
  const searches =
    lines
      .filter(([first]) => first === 'search')
      .at(-1)
      ?.slice(1) ?? [];
  return { nameservers: valuesOf('nameserver'), searches: searches.map(withoutRoot), options: valuesOf('options') };
}

/** The same domain with and without a dot at its end counts once. */
const withoutRoot = (domain: string): string => (domain === '.' ? domain : domain.replace(/\.$/, ''));

export const usualResolvConf = '/etc/resolv.conf';
/** Where systemd-resolved says which servers it asks itself; `/etc/resolv.conf` names its stub then. */
const resolvedConf = '/run/systemd/resolve/resolv.conf';
const resolvedStubs = ['127.0.0.53', '127.0.0.54'];

export type ReadText = (path: string) => Promise<string>;

/**
 * The text of a file that pods and the DNS of the cluster can use: the one that is named, or else the machine's own, or
 * that of systemd-resolved where the machine's own leads to its stub, which nobody reaches from a pod.
 */
export async function readResolvConf(path: string | undefined, read: ReadText = readUtf8): Promise<string> {
  const text = await read(path ?? usualResolvConf);
  if (path !== undefined) return text;
  const { nameservers } = parseResolvConf(text);
  if (nameservers.length === 0 || !nameservers.every((one) => resolvedStubs.includes(one))) return text;
  return await read(resolvedConf).catch(() => text); // not there: the stub is what there is
}

const readUtf8: ReadText = (path) => readFile(path, 'utf8');
