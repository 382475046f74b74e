import { hostname, userInfo } from 'node:os';

/** Who runs this process: `user@host`, or `uid 1000@host` where no file names the user. */
export function userAtHost(): string {
  let user = `uid ${process.getuid?.() ?? 'unknown'}`;
  try {
    user = userInfo().username;
  } catch {
    // A container may run under a user that no file names.
  }
  return `${user}@${hostname()}`;
}
