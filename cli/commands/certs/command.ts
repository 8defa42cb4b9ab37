/** What `certs` is called and takes. */

import type { Command } from '../../command.ts';
import { flag, text } from '../../options.ts';
import { upOptions } from '../up/up-options.ts';

export const certsCommand: Command = {
  usage: 'certs <action> [names..]',
  describe: 'Certificates of the cluster on this machine: list, renew, rotate-ca',
  options: {
    'data-dir': upOptions['data-dir'] ?? {},
    expired: flag('renew: only what has run out, authorities too: mends a cluster whose certificates have all expired'),
    authority: text('rotate-ca: which one: ca, kubelet-ca or etcd-ca', { default: 'ca' }),
    step: text('rotate-ca: only this step: trust, switch or drop; default: all, waiting in between'),
    force: flag('rotate-ca: do not wait for nodes that have not heard of it; they have to join again'),
  },
  load: () => import('./run.ts'),
};
