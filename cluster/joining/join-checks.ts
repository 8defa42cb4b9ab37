/**
 * What is looked at before a host becomes a worker, one step after the other: each knows why it failed and what to do.
 * None changes anything, and each comes to a verdict within seconds.
 */

import { lookup } from 'node:dns/promises';
import net, { isIP } from 'node:net';
import { clusterInfo, endedTokensKey, parseEndedTokens } from '../../api/joining-tokens.ts';
import { isRecord } from '../../api/json-record.ts';
import { errorCode } from '../../base/error-text.ts';
import { networkErrorText } from '../../base/network-error-text.ts';
import { UserError } from '../../base/user-error.ts';
import { kubernetesVersion } from '../../base/version.ts';
import { type Answer, ask, type Target, titleOf, whyCertificateIsRefused } from './first-contact.ts';
import { bearerOf, type JoinToken } from './join-token.ts';
import { type ClusterSettings, parseSettings, settingsObject } from './settings.ts';

const timeoutMs = 3_000;
/** Tokens, leases and certificates are judged by clocks; those of a cluster must agree better than this. */
const clockLimitMs = 60_000;

/** The address that the name of the master stands for. */
export async function checkName({ host }: Target): Promise<string> {
  if (isIP(host) !== 0) return host;
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs).unref();
  });
  try {
    return (await Promise.race([lookup(host), late])).address;
  } catch (error) {
    throw new UserError(
      `The name "${host}" cannot be resolved here: ${networkErrorText(error)}. Join by the address of the master, or add ` +
        'the name to /etc/hosts or to the DNS server in /etc/resolv.conf.',
      { cause: error },
    );
  }
}

/** By which of its addresses this host reaches the master. */
export async function checkConnection(target: Target, address: string): Promise<string> {
  const socket = net.connect({ host: address, port: target.port });
  try {
    return await new Promise((resolve, reject) => {
      socket.once('connect', () => resolve(socket.localAddress ?? ''));
      socket.once('error', reject);
      socket.setTimeout(timeoutMs, () => reject(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    });
  } catch (error) {
    throw new UserError(whyNotConnected(target, error), { cause: error });
  } finally {
    socket.destroy();
  }
}

function whyNotConnected(target: Target, error: unknown): string {
  const { port } = target;
  const cures: Record<string, string> = {
    ECONNREFUSED: `Nothing listens there. Is the cluster running ("kubecfg up" on the master), on this port, and not on loopback only (--bind-address)?`,
    ETIMEDOUT: `Packets get lost: a firewall, or the wrong address. Open TCP port ${port} of the master for this host.`,
    EHOSTUNREACH: 'There is no way to that address: look at the network of this host ("ip route get").',
    ENETUNREACH: 'There is no way to that address: look at the network of this host ("ip route").',
  };
  const cure = cures[errorCode(error) ?? ''] ?? 'Look at the address and the port.';
  return `${titleOf(target)} cannot be reached: ${networkErrorText(error)}. ${cure}`;
}

/** Throws when this host's clock and the server's are apart. Pure. */
export function checkClock(serverTime: number | undefined, now: number): void {
  if (serverTime === undefined) return;
  const offMs = now - serverTime;
  if (Math.abs(offMs) <= clockLimitMs) return;
  throw new UserError(
    `The clock of this host is ${Math.round(Math.abs(offMs) / 1000)} s ${offMs > 0 ? 'ahead of' : 'behind'} the master’s. Set ` +
      'the clock of whichever is wrong ("timedatectl set-ntp true", or "date -s"), and run this again.',
  );
}

/** The settings of the cluster, which only a bearer of a good token, or a node, may read. */
export async function checkToken(
  target: Target,
  { token, authority }: { readonly token: JoinToken; readonly authority: string },
): Promise<ClusterSettings> {
  const answer = await askKnown(target, authority, configMapPath(settingsObject), bearerOf(token));
  if (answer.code === 200) return parseSettings(answer.body);
  if (answer.code === 401) throw new UserError(await whyTokenIsRefused(target, authority, token.id));
  throw new UserError(
    `The master took the token, but does not tell this host about the cluster (it answered ${answer.code}${messageOf(answer)}). ` +
      'Make another with "kubecfg token create" on a master.',
  );
}

async function whyTokenIsRefused(target: Target, authority: string, id: string): Promise<string> {
  const cure = 'Make a new one with "kubecfg token create" on a master.';
  const { body } = await askKnown(target, authority, configMapPath(clusterInfo));
  const data = isRecord(body) && isRecord(body.data) ? body.data : {};
  const ended = parseEndedTokens(typeof data[endedTokensKey] === 'string' ? data[endedTokensKey] : undefined)[id];
  if (ended !== undefined)
    return `The token ${id} ${ended.why === 'expired' ? 'expired' : 'was revoked'} at ${ended.at}. ${cure}`;
  return `The cluster does not take the token ${id}: it is mistyped, or expired, or was never one of this cluster’s. ${cure}`;
}

/** From a server whose authority is known. */
async function askKnown(target: Target, authority: string, path: string, token?: string): Promise<Answer> {
  try {
    return await ask(target, { path, authority, ...(token !== undefined && { token }) });
  } catch (error) {
    throw new UserError(whyCertificateIsRefused(target, error), { cause: error });
  }
}

/** A server of the authority that the token names answers there; what its clock says. */
export async function checkServer(target: Target, authority: string): Promise<number | undefined> {
  const { body, serverTime } = await askKnown(target, authority, '/version');
  const why = whyVersionsDiffer(isRecord(body) ? String(body.gitVersion ?? '') : '');
  if (why !== undefined) throw new UserError(why);
  return serverTime;
}

/** As upstream has it: a worker may be older than its masters by three minor releases, and never newer. Pure. */
export function whyVersionsDiffer(
  serverVersion: string,
  own: { readonly major: number; readonly minor: number } = kubernetesVersion,
): string | undefined {
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(serverVersion) ?? [];
  const ours = `v${own.major}.${own.minor}`;
  if (major === undefined || minor === undefined || !serverVersion.includes('+longshore.'))
    return `What answers is no API server of Longshore: it calls itself "${serverVersion.slice(0, 60)}". Look at the host and the port.`;
  const ahead = (own.major - Number(major)) * 1_000 + own.minor - Number(minor);
  if (ahead > 0)
    return `Longshore on this host (${ours}) is newer than the master’s (${serverVersion}): upgrade the master first.`;
  if (ahead < -3)
    return `Longshore on this host (${ours}) is too old for the master’s (${serverVersion}): upgrade it here.`;
  return undefined;
}

const configMapPath = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  `/api/v1/namespaces/${namespace}/configmaps/${name}`;

const messageOf = ({ body }: Answer): string =>
  isRecord(body) && typeof body.message === 'string' ? `: ${body.message.slice(0, 200)}` : '';
