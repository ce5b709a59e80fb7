import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The kernel's unit of CPU time in /proc, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** User and system time of a process and of those of its children that have ended, in microseconds. */
export function cpuUsOf(pid: number): number | undefined {
  const fields = statOf(pid);
  if (fields === undefined) return undefined;
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return (ticks / TICKS_PER_SECOND) * 1e6;
}

export function rssBytesOf(pid: number): number | undefined {
  const status = read(`/proc/${pid}/status`);
  const kiB = /^VmRSS:\s+(\d+) kB/m.exec(status ?? '')?.[1];
  return kiB === undefined ? undefined : Number(kiB) * 1024;
}

/** The process and its children: PostgreSQL has one for each connection. */
export function familyOf(pid: number): number[] {
  const children = pids().filter((other) => statOf(other)?.[1] === String(pid));
  return [pid, ...children];
}

/** Which process listens on a TCP port of this machine. */
export function pidListeningOn(port: number): number | undefined {
  const inodes = new Set([...listening('/proc/net/tcp', port), ...listening('/proc/net/tcp6', port)]);
  if (inodes.size === 0) return undefined;
  return pids().find((pid) => socketsOf(pid).some((inode) => inodes.has(inode)));
}

/** Fields of /proc/PID/stat behind the name of the program, which may contain anything: state, parent, and so on. */
function statOf(pid: number): string[] | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function pids(): number[] {
  return entries('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid));
}

const LISTEN = '0A';

function listening(file: string, port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const rows = (read(file) ?? '').split('\n').map((row) => row.trim().split(/\s+/));
  return rows.flatMap(([, local, , state, , , , , , inode]) =>
    inode !== undefined && state === LISTEN && local?.endsWith(`:${hex}`) === true ? [inode] : [],
  );
}

function socketsOf(pid: number): string[] {
  return entries(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      // Closed between the two looks.
      return [];
    }
  });
}

/** Undefined where there is no such file: another system than Linux, or a process that has ended. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
