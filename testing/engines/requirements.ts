/** Checks what a machine needs for a cluster of engines. */
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

/** Debian packages with programs that are not installed. */
const missingTools = (): string[] => [
  ...new Set(Object.keys(programs).flatMap((program) => (pathOf(program) ? [] : [programs[program] ?? program]))),
]

/** Why engines can't be started here and what to do; null when they can. */
export const unavailable = (): string | null => {
  if (process.platform !== 'linux') return 'real container engines for tests need Linux'
  if (process.getuid?.() !== 0) return 'real container engines for tests need root'
  const missing = missingTools()
  if (missing.length > 0) return `missing: apt-get install -y --no-install-recommends ${missing.join(' ')}`
  return existsSync('/sys/fs/cgroup') ? null : 'control groups are not mounted at /sys/fs/cgroup'
}
