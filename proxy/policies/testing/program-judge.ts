/** Judges a connection as the kernel would by a program of policies: its rules' texts, chains, maps and sets. For tests. */

import { contains, parseCidr, parseIp } from '../../../api/net.ts';
import type { NftProgram } from '../../nftables/nft-program.ts';

export interface Connection {
  /** Who began it. */
  readonly client: string;
  /** Who answers: behind a Service, the pod. */
  readonly server: string;
  readonly protocol: 'tcp' | 'udp' | 'sctp' | 'icmp';
  /** Of the server. */
  readonly port: number;
}

type Verdict = 'accept' | 'drop' | 'return';

/** Whether a packet of it is let through the chain `hook`, in whichever direction it goes. */
export function isLetThrough(program: NftProgram, hook: 'forward' | 'input', connection: Connection): boolean {
  return evaluate(program, hook, connection) !== 'drop';
}

function evaluate(program: NftProgram, chain: string, connection: Connection): Verdict {
  const found = program.chains.get(chain);
  if (found === undefined) throw new Error(`There is no chain ${chain}`);
  for (const rule of found.rules) {
    const verdict = verdictOf(program, rule, connection);
    if (verdict === undefined) continue;
    const [what = '', target = ''] = verdict.split(' ');
    if (what === 'accept' || what === 'drop' || what === 'return') return what;
    const inner = evaluate(program, target, connection);
    if (what === 'goto' || inner !== 'return') return inner;
  }
  return 'return';
}

/** What a rule may begin with: what it looks at (`ct original ip saddr . ct reply ip saddr`), and where it looks that up. */
const forms = {
  state: /^ct state invalid,untracked /,
  vmap: /^([a-z][a-z\d .-]*?) vmap (@\S+|\{ .* \})$/,
  condition: /^([a-z][a-z\d .-]*?) (!= )?([@\d]\S*|tcp|udp|sctp) /,
};

/** The verdict's text; undefined when the rule is not about it. */
function verdictOf(program: NftProgram, rule: string, connection: Connection): string | undefined {
  if (forms.state.test(rule)) return undefined;
  const condition = forms.condition.exec(rule);
  const map = condition === null ? forms.vmap.exec(rule) : null;
  if (map !== null) return lookUp(program, map[2] ?? '', keyOf(map[1] ?? '', connection));
  if (condition === null) return rule;
  const [text, what = '', not, wanted = ''] = condition;
  const holds = isOneOf(program, keyOf(what, connection), wanted);
  return holds === (not === undefined) ? verdictOf(program, rule.slice(text.length), connection) : undefined;
}

function keyOf(what: string, { client, server, protocol, port }: Connection): string {
  const values: Readonly<Record<string, string>> = {
    'ct original ip saddr': client,
    'ct reply ip saddr': server,
    'ct reply proto-src': String(port),
    'ip saddr': client,
    'ip daddr': server,
    'meta l4proto': protocol,
  };
  return what
    .split(' . ')
    .map((one) => values[one])
    .join(' . ');
}

function isOneOf(program: NftProgram, key: string, wanted: string): boolean {
  if (!wanted.startsWith('@')) return isWithin(key, wanted);
  const set = program.maps.get(wanted.slice(1));
  if (set === undefined) throw new Error(`There is no set ${wanted}`);
  return [...set.keys()].some((element) => isWithin(key, element));
}

function lookUp(program: NftProgram, map: string, key: string): string | undefined {
  if (map.startsWith('@')) return program.maps.get(map.slice(1))?.get(key);
  const entries = map.slice(2, -2).split(', ');
  const found = entries.map((entry) => entry.split(' : ')).find(([range = '']) => isWithin(key, range));
  return found?.[1];
}

/** `wanted` is one value, a range of two, or a network. */
function isWithin(value: string, wanted: string): boolean {
  const network = wanted.includes('/') ? parseCidr(wanted) : undefined;
  const ip = parseIp(value);
  if (network !== undefined) return ip !== undefined && contains(network, ip);
  const [from = '', to = from] = wanted.split('-');
  if (from === to) return value === from;
  const numbers = [value, from, to].map((one) => parseIp(one)?.value ?? BigInt(one));
  const [number = 0n, low = 1n, high = 0n] = numbers;
  return number >= low && number <= high;
}
