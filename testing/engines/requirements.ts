/** What a machine needs for a cluster of engines, and what to say when it is not there. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Program → Debian package. */
const programs: Record<string, string> = {
  dockerd: 'docker.io',
  'docker-registry': 'docker-registry',
  containerd: 'containerd',
  runc: 'runc',
  tini: 'tini',
  busybox: 'busybox-static',
  ip: 'iproute2',
  unshare: 'util-linux',
  tar: 'tar',
}

const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
export const pathOf = (program: string): string | null =>
  folders.map((folder) => join(folder, program)).find((path) => existsSync(path)) ?? null

/** Debian packages whose programs are not installed. */
const missingTools = (): string[] => [
  ...new Set(Object.keys(programs).flatMap((program) => (pathOf(program) ? [] : [programs[program] ?? program]))),
]

/** Null when engines can be started here, else why not and what to do. */
export const unavailable = (): string | null => {
  if (process.platform !== 'linux') return 'real container engines for tests need Linux'
  if (process.getuid?.() !== 0) return 'real container engines for tests need root'
  const missing = missingTools()
  if (missing.length > 0) return `missing: apt-get install -y --no-install-recommends ${missing.join(' ')}`
  return existsSync('/sys/fs/cgroup') ? null : 'control groups are not mounted at /sys/fs/cgroup'
}
