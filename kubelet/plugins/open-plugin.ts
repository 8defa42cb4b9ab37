/** Opens a channel to a plugin. What it takes is read only then: most nodes have no plugin. */

import type { PluginChannel } from './plugin-channel.ts';

/** `socketPath`: absolute. */
export async function openPlugin(socketPath: string): Promise<PluginChannel> {
  const { openPluginChannel } = await import('./plugin-client.ts');
  return openPluginChannel(socketPath);
}
