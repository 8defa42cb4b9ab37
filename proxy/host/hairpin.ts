/**
 * Lets a pod reach itself through its Service. With `bridge-nf-call-iptables` such a packet is redirected while it is
 * still in the bridge, and a bridge does not send a frame back to the port it came from, unless that port's hairpin
 * mode is on. (The sender's address is replaced too: see the hairpins set in `service-program.ts`.)
 */

import net from 'node:net';
import type { RunProgram } from '../program.ts';

interface Link {
  readonly ifname: string;
  readonly master?: string;
  readonly addr_info?: readonly { readonly family: string; readonly local: string }[];
  readonly linkinfo?: { readonly info_slave_data?: { readonly hairpin?: boolean } };
}

/** Turns hairpin mode on for the ports of every bridge that has an address in the pod network. */
export async function ensureHairpin(clusterCidr: string, run: RunProgram): Promise<void> {
  const show = async (...args: string[]): Promise<Link[]> => {
    const text = await run(['ip', '-j', '-d', ...args]);
    // What `ip -j` prints; devices that were filtered out are shown as empty objects.
    return (JSON.parse(text === '' ? '[]' : text) as Partial<Link>[]).filter((one): one is Link => 'ifname' in one);
  };
  const podNetwork = readCidr(clusterCidr);
  const bridges = (await show('address', 'show', 'type', 'bridge'))
    .filter(({ addr_info: addresses = [] }) =>
      addresses.some(({ family, local }) => family === 'inet' && podNetwork.check(local)),
    )
    .map(({ ifname }) => ifname);
  if (bridges.length === 0) return;
  const ports = (await show('link', 'show', 'type', 'bridge_slave')).filter(
    ({ master, linkinfo }) => bridges.includes(master ?? '') && linkinfo?.info_slave_data?.hairpin !== true,
  );
  if (ports.length === 0) return;
  const batch = ports.map(({ ifname }) => `link set dev ${ifname} type bridge_slave hairpin on\n`).join('');
  // A pod that ended meanwhile took its port along: the others are still done.
  await run(['ip', '-force', '-batch', '-'], batch).catch(() => undefined);
}

function readCidr(cidr: string): net.BlockList {
  const [address = '', bits = '32'] = cidr.split('/');
  const list = new net.BlockList();
  list.addSubnet(address, Number(bits), 'ipv4');
  return list;
}
