/** A plain answer of a kubelet, read whole for the server itself, under the server's own identity. */

import https from 'node:https';
import { nodes } from '../../../api/resources/core.ts';
import type { Kubelets } from './kubelets.ts';

export interface KubeletQuestion {
  readonly nodeName: string;
  /** With query. */
  readonly path: string;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** Throws when the kubelet does not answer in time, says more than that, or anything but 200. */
export async function readFromKubelet(kubelets: Kubelets, question: KubeletQuestion): Promise<string> {
  const { nodeName, path, timeoutMs, maxBytes } = question;
  const { host, port } = await kubelets.addressOf(nodeName, nodes);
  const signal = AbortSignal.timeout(timeoutMs);
  return await new Promise((resolve, reject) => {
    const outgoing = https.request({ host, port, path, agent: kubelets.agent, signal }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > maxBytes)
          response.destroy(new Error(`the kubelet of ${nodeName} says more than ${maxBytes} bytes`));
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString());
        else reject(new Error(`the kubelet of ${nodeName} answers with ${response.statusCode}`));
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
