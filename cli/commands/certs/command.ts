/** What `certs` is called and takes. */

import type { Command } from '../../command.ts';
import { flag, text } from '../../options.ts';
import { upOptions } from '../up/up-options.ts';

export const certsCommand: Command = {
  usage: 'certs <action> [names..]',
  describe: 'Certificates of the cluster on this machine: list, renew, rotate-ca, rotate-account-key',
  options: {
    'data-dir': upOptions['data-dir'] ?? {},
    expired: flag('renew: only what has run out, authorities too: mends a cluster whose certificates have all expired'),
    authority: text('rotate-ca: which one: ca, kubelet-ca, etcd-ca or front-proxy-ca', { default: 'ca' }),
    step: text('rotate-…: only this step: trust, switch or drop; default: all, waiting in between'),
    force: flag('rotate-…: do not wait for who has not heard of it: nodes have to join again, tokens are refused'),
  },
  load: () => import('./run.ts'),
};
