import { readFileSync } from 'node:fs';

/**
 * The most memory that a process has held at once, in bytes. Undefined where the system does not tell (it is Linux that does) and once the
 * process is gone.
 * Source: proc_pid_status(5), VmHWM: "Peak resident set size".
 */
export function peakMemoryBytes(pid: number): number | undefined {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}
