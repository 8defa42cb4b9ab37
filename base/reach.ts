/** Whether another host lets a TCP connection in, and if not, why: for checks that people read. */

import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { networkErrorText } from './network-error-text.ts';

export interface Reach {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  /** From which address of this host; absent: the kernel's choice. */
  readonly localAddress?: string | undefined;
}

/** Undefined: it was reached. */
export async function whyNotReached({ host, port, timeoutMs, localAddress }: Reach): Promise<string | undefined> {
  const socket = net.connect({ host, port, ...(localAddress !== undefined && { localAddress }) });
  try {
    return await new Promise((resolve) => {
      socket.once('connect', () => resolve(undefined));
      socket.once('error', (error) => resolve(networkErrorText(error)));
      socket.setTimeout(timeoutMs, () => resolve(`no answer within ${timeoutMs / 1000} s`));
    });
  } finally {
    socket.destroy();
  }
}

/** An address of this host that `isWanted` likes. */
export function localAddressWhere(isWanted: (address: string) => boolean): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ address }) => isWanted(address))?.address;
}
