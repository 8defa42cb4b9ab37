/** Durations as upstream's kubelet writes them, because users and tools compare them. */

/** `10s`, `1m20s`, `5m0s`. */
export function formatSeconds(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

/** `12ms`, `1.234s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const seconds = Number((ms / 1000).toFixed(3));
  return seconds < 60 ? `${seconds}s` : formatSeconds(ms);
}
