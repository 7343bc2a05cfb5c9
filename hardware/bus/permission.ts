/**
 * Who may open a port, and who we are: for the error that says what to do about it.
 */

import { readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';

export function permissionOf(port: string): { readonly user: string; readonly group: string } {
  return { user: userName(), group: groupName(port) };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without an entry in the system's list of users.
    return String(process.getuid?.() ?? 'this user');
  }
}

function groupName(port: string): string {
  try {
    const gid = String(statSync(port).gid);
    const line = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find((entry) => entry.split(':')[2] === gid);
    return line?.split(':')[0] ?? gid;
  } catch {
    // Debian and its children give serial ports to this group.
    return 'dialout';
  }
}
