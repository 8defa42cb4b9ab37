/** What a client tells the API server of who it is or wants to be: nothing of that is for those behind. */
export const isIdentityHeader = (name: string): boolean =>
  name === 'authorization' ||
  name === 'proxy-authorization' ||
  name.startsWith('impersonate-') ||
  name.startsWith('x-remote-');
