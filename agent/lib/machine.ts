/** Facts that distinguish this machine and this process from others (core/agents/identity.ts). */
import { createHash } from 'node:crypto'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { MachineFacts } from '@/core/agents/identity'
import { processStart } from './lock'

/** Facts that the system doesn't provide are null. */
export const readMachine = async (engineId: string | null = null): Promise<MachineFacts> => ({
  hostName: hostname(),
  machineId: hashed((await text('/etc/machine-id')) ?? (await text('/var/lib/dbus/machine-id'))),
  hardware: await networkCards(),
  bootId: hashed(await text('/proc/sys/kernel/random/boot_id')),
  engineId,
  processNamespace: await readlink('/proc/self/ns/pid').catch(() => null),
  pid: process.pid,
  processStart: (await processStart(process.pid)) ?? 'unknown',
})

const text = async (path: string): Promise<string | null> => {
  const content = await readFile(path, 'utf8').catch(() => '')
  return content.trim() || null
}

/** Ids are hashed, because they should not leave the machine. */
const hashed = (id: string | null): string | null =>
  id === null ? null : createHash('sha256').update(`fogdeck ${id}`).digest('base64url').slice(0, 22)

const networkFolder = '/sys/class/net'

/** Only physical devices: bridges and links of containers come and go. */
const networkCards = async (): Promise<string[]> => {
  const names = await readdir(networkFolder).catch(() => [])
  const cards = await Promise.all(
    names.map(async (name) => {
      const isDevice = await readlink(join(networkFolder, name, 'device')).then(
        () => true,
        () => false,
      )
      return isDevice ? hashed(await text(join(networkFolder, name, 'address'))) : null
    }),
  )
  return cards
    .filter((card) => card !== null)
    .sort()
    .slice(0, 16)
}
