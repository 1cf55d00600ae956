/** Fills the disk of the agent's data folder, which is a small file system of its own. Needs root, on Linux. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { aReplica, until } from '@/testing/agent/builders'
import { Rig } from '@/testing/agent/rig'

const rig = new Rig()
const folder = join(rig.dataDir, 'nodes')
const filler = join(folder, 'filler')
mkdirSync(folder)
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'fogdeck', folder]).status === 0
if (!mounted)
  process.stderr.write('\nSkipping the test of an agent on a full disk: no file system can be mounted here\n')

afterAll(async () => {
  await rig.stop()
  if (mounted) spawnSync('umount', ['-l', folder])
  await rig.dispose()
})

const lastBeat = () => rig.controlPlane.beats.at(-1)
const given = () => rig.controlPlane.stateOf(rig.nodeId).revision

test.skipIf(!mounted)(
  'a node with a full disk keeps running, acknowledges nothing, reports why, and recovers by itself',
  async () => {
    await rig.start()
    const [before, during, after] = [
      aReplica(),
      aReplica({ deploymentName: 'during' }),
      aReplica({ deploymentName: 'after' }),
    ]
    rig.want(before)
    await rig.reported(before, 'running')
    await until(() => lastBeat()?.revision === given())
    const acknowledged = given()
    expect(lastBeat()?.engineError).toBeNull()

    expect(() => writeFileSync(filler, Buffer.alloc(128 * 1024))).toThrow('ENOSPC')
    rig.want(before, during)
    await rig.reported(during, 'running')
    await until(() => lastBeat()?.engineError)
    expect(lastBeat()?.engineError).toContain('its agent cannot write its state: ENOSPC: no space left on device')
    const ids = (await rig.engine.list()).map(({ id }) => id).sort()
    expect(ids).toHaveLength(2)
    await rig.pass(20_000)
    expect(lastBeat()?.revision).toBe(acknowledged)
    expect((await rig.engine.list()).map(({ id }) => id).sort()).toEqual(ids)
    // No partial file is left beside the last complete one.
    await until(() => !readdirSync(folder).some((name) => name.endsWith('.tmp')))
    expect(readFileSync(join(folder, 'node-01.json'), 'utf8')).toContain(before.replicaId)

    rmSync(filler)
    await until(() => lastBeat()?.engineError === null && lastBeat()?.revision === given())
    expect(readFileSync(join(folder, 'node-01.json'), 'utf8')).toContain(during.replicaId)
    rig.want(before, during, after)
    await rig.reported(after, 'running')
    expect(rig.controlPlane.reports.filter(({ status }) => status !== 'running' && status !== 'starting')).toEqual([])
  },
)
