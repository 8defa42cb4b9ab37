/**
 * Go's nil list: `null` in JSON, where upstream shows that a required list is not there. The types know lists only, hence
 * the cast.
 */
export const nilList = null as never;
