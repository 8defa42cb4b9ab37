/** What the API servers keep for themselves lies in the store below this group: keys, what is allocated, who they are. */
export const ownGroup = 'longshore.dev';
