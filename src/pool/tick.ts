/**
 * Activities tell a pool what they have together, at each multiple of this on the clock, in milliseconds. At
 * 10 claims a second that makes about 4 history events a claim.
 */
export const tickMs = 200;
