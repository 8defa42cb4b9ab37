/** What a client tells the API server of who it is or wants to be: nothing of that is for those behind. */
export const isIdentityHeader = (name: string): boolean =>
  name === 'authorization' ||
  name === 'proxy-authorization' ||
  name.startsWith('impersonate-') ||
  name.startsWith('x-remote-');

/** The protocols that a WebSocket may speak, without those whose name is a token: another credential may have been believed. */
export const withoutTokens = (protocols: string): string =>
  protocols
    .split(',')
    .map((one) => one.trim())
    .filter((one) => !one.startsWith('base64url.bearer.authorization.k8s.io.'))
    .join(', ');
