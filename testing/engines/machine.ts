/**
 * Simulates another machine for processes: the ids that distinguish machines (agent/lib/machine.ts) are its own, as
 * after a copied disk.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestEngine } from './cluster'

/** $0 is the machine's folder, $1 its host name; the command follows. */
const boot = `
echo "$1" >/proc/sys/kernel/hostname || exit 1
mount --bind "$0/boot-id" /proc/sys/kernel/random/boot_id || exit 1
if [ -e /etc/machine-id ]; then mount --bind "$0/machine-id" /etc/machine-id || exit 1; fi
mount -t sysfs sysfs /sys || exit 1
shift
exec "$@"
`

/** Returns a command prefix that runs a program on the machine, which is in the engine's network. */
export function otherMachine(engine: TestEngine, hostName: string, dir: string): readonly string[] {
  mkdirSync(dir)
  writeFileSync(join(dir, 'boot-id'), `${randomUUID()}\n`)
  writeFileSync(join(dir, 'machine-id'), `${randomBytes(16).toString('hex')}\n`)
  const own = ['--mount', '--propagation', 'private', '--uts', '--pid', '--fork', '--kill-child=KILL', '--mount-proc']
  return [...engine.inside, 'unshare', ...own, 'sh', '-c', boot, dir, hostName]
}
