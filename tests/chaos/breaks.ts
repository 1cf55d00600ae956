/**
 * Mechanisms to break on purpose, by a change of the source (in a copy of the tree) or of the database of the run. A
 * patch that no longer fits fails the run, because it would break nothing.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { testFolder } from '@/testing/postgres'
import type { Database } from './database'

interface Patch {
  file: string
  find: string
  replace: string
}

interface Break {
  /** What no longer works, as a sentence. */
  what: string
  patches?: Patch[]
  /** The web server runs this code as well, so the pages have to be built again. */
  web?: true
  sql?: string
}

export const breaks: Record<string, Break> = {
  fence: {
    what: 'fencing is off: a scheduler whose term has ended keeps claiming and writing',
    patches: [
      {
        file: 'server/store/leader/leadership.ts',
        find: 'if (rowCount !== 1) throw new StaleLeaderError(epoch)',
        replace: 'void rowCount',
      },
      {
        file: 'server/store/queue/evaluations.ts',
        find: `where id = 1 and epoch = $4 for key share),
           claimed`,
        replace: `where id = 1 and epoch >= $4 for key share),
           claimed`,
      },
    ],
  },
  lease: {
    what: 'leases never expire: no scheduler takes over the work of a dead one',
    patches: [
      {
        file: 'server/store/queue/evaluations.ts',
        find: `(status = 'leased' and (lease_expires_at < now() or coalesce(lease_epoch, 0) < $4))`,
        replace: `(status = 'leased' and $4::bigint < 0)`,
      },
    ],
  },
  constraint: {
    what: 'the database accepts reservations beyond the capacity of a node',
    sql: 'alter table nodes drop constraint nodes_reserved_cpu_check, drop constraint nodes_reserved_memory_check',
  },
  slot: {
    what: 'the database accepts two replicas of one slot and generation',
    sql: 'drop index deployment_replicas_deployment_id_slot_generation_key',
  },
  idempotency: {
    what: 'idempotency keys are ignored: a repeated call deploys again',
    web: true,
    patches: [
      {
        file: 'server/api/deployments/deployment-router.ts',
        find: 'idempotency: ctx.idempotencyKey === null ? null :',
        replace: 'idempotency: Date.now() > 0 ? null :',
      },
    ],
  },
  commit: {
    what: 'a deployment is answered before it is committed',
    web: true,
    patches: [
      {
        file: 'server/store/deployments/intake.ts',
        find: 'const answer = await write(order)',
        replace: 'write(order).catch(() => undefined)\n    const answer: object | null = order.answer',
      },
    ],
  },
  history: {
    what: 'the scheduler changes statuses without history rows',
    patches: [
      {
        file: 'server/store/records/status-changes.ts',
        find: 'from change join moved using (id)`',
        replace: "from change join moved using (id) where change.new_status <> 'scheduled'`",
      },
      {
        file: 'server/store/records/status-changes.ts',
        find: 'if (rowCount !== changes.length)',
        replace: 'if (rowCount === null)',
      },
    ],
  },
  release: {
    what: 'the reservation of a removed container is not released',
    web: true,
    patches: [
      {
        file: 'server/store/agents/reports.ts',
        find: 'set reserved_cpu_millis = reserved_cpu_millis - f.cpu,',
        replace: 'set reserved_cpu_millis = reserved_cpu_millis - 0 * f.cpu,',
      },
    ],
  },
  replay: {
    what: 'the record of a decision differs from what was decided',
    patches: [
      {
        file: 'core/plan/evaluate.ts',
        find: `    chosen,
    found,`,
        replace: `    chosen: chosen.map((node) => ({ ...node, score: Math.round(node.score * 1000) / 1000 })),
    found,`,
      },
    ],
  },
  running: {
    what: 'an agent reports a container as running as soon as it asked for the start',
    patches: [
      {
        file: 'agent/loop/replica.ts',
        find: `      await work.engine.start(containerId, signal)
    } finally`,
        replace: `      const startedAt = new Date().toISOString()
      await work.submit(reportOf(work, replica.replicaId, { status: 'running', reason: 'Asked to start', containerId, startedAt }))
    } finally`,
      },
    ],
  },
  label: {
    what: 'an agent takes a container of any generation of a slot for that of the desired one',
    patches: [
      {
        file: 'agent/loop/reconcile.ts',
        find: `forReplica(replica, kept.get(replica.replicaId), `,
        replace: `forReplica(replica, kept.get(replica.replicaId) ?? [...kept.values()].find((each) => holdsSlotOf(each, replica)), `,
      },
    ],
  },
  adopt: {
    what: 'an agent that restarts does not recognize its own containers',
    patches: [
      {
        file: 'agent/loop/engine-view.ts',
        find: 'const listed = (await this.engine.list()).filter((each) => this.nodeIds.has(each.nodeId))',
        replace: 'const listed = (await this.engine.list()).filter((each) => this.touchedAt.has(each.replicaId))',
      },
    ],
  },
  return: {
    what: 'a node that returns keeps running replicas that were replaced',
    patches: [
      {
        file: 'server/store/node-loss/lost.ts',
        find: `set status = 'lost', wanted = 'stop',`,
        replace: `set status = 'lost', wanted = 'run',`,
      },
    ],
  },
  offline: {
    what: 'an agent stops its containers when the control plane is away',
    patches: [
      {
        file: 'agent/loop/program.ts',
        find: 'this.lostAt ??= this.options.clock.now()',
        replace: `this.lostAt ??= this.options.clock.now()
    for (const nodeId of this.nodes.keys()) this.hand({ nodeId, revision: '999999999999', replicas: [] }, null)`,
      },
    ],
  },
  seal: {
    what: 'environments and logs are stored unencrypted',
    web: true,
    patches: [
      {
        file: 'server/lib/seal.ts',
        find: 'const body = Buffer.concat([cipher.update(bytes), cipher.final()])',
        replace: 'cipher.final()\n    const body = Buffer.from(bytes)',
      },
      {
        file: 'server/lib/seal.ts',
        find: 'return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()])',
        replace: 'return bytes.subarray(nonceBytes + tagBytes)',
      },
    ],
  },
  identity: {
    what: 'anybody with a copy of a credential speaks for its nodes',
    web: true,
    patches: [
      {
        file: 'core/agents/identity.ts',
        find: `if (kin === 'other machine') return { state: 'refused', second: 'machine' }`,
        replace: `if (kin !== null) return { state: 'granted', how: 'restarted' }`,
      },
    ],
  },
  slowness: {
    what: 'a node without recorded heartbeats goes offline, even when no server could record any',
    web: true,
    patches: [
      {
        file: 'server/store/nodes/node-health.ts',
        find: `  \${node}.last_heartbeat < \${heartbeatsUntil} - \${heartbeatLimit}
    and \${seenTime(\`\${node}.last_heartbeat\`, heartbeatsUntil)} > \${offlineLimit},`,
        replace: `  \${node}.last_heartbeat < now() - \${heartbeatLimit},`,
      },
    ],
  },
  content: {
    what: 'each node resolves the tag by itself, whatever digest the revision has',
    patches: [
      { file: 'agent/images/images.ts', find: '  if (known) return known\n', replace: '  void known\n' },
      { file: 'agent/images/images.ts', find: '  if (shared) return shared\n', replace: '  void shared\n' },
      {
        file: 'agent/images/images.ts',
        find: '  return recorded\n',
        replace: '  return { digest: found.digest, imageId: found.imageId }\n',
      },
    ],
  },
  standstill: {
    what: 'an agent takes a paused container for a failed one',
    patches: [
      {
        file: 'agent/loop/replica.ts',
        find: 'return reportStandstill(work, replica.replicaId, found, found.state)',
        replace: `return fail(work, replica.replicaId, found.id, { text: 'It stands still', exitCode: null })`,
      },
    ],
  },
  removal: {
    what: 'an agent reports a container as gone as soon as it asked for the removal',
    patches: [
      {
        file: 'agent/loop/replica.ts',
        find: '    return (await work.inspect(containerId)) === null\n',
        replace: '    await work.inspect(containerId)\n    return true\n',
      },
    ],
  },
  listener: {
    what: 'a connection that breaks between two statements has no error handler',
    patches: [
      {
        file: 'server/db/client.ts',
        find: `pool.on('connect', (client) => client.on('error', () => undefined))`,
        replace: '',
      },
      { file: 'server/db/client.ts', find: `  tx.on('error', onBreak)\n`, replace: '' },
    ],
  },
}

const project = join(import.meta.dirname, '..', '..')
const copied = ['agent', 'app', 'core', 'prisma', 'scripts', 'server', '.next']
const copiedFiles = ['tsconfig.json', 'package.json', 'package-lock.json', 'next.config.js', 'postcss.config.mjs']
const copiedEntries = ['instrumentation.ts', 'instrumentation-node.ts', 'prisma.config.ts', 'next-env.d.ts']

/** @returns the folder to run from, with built pages. This is the project itself when no source is changed. */
export function brokenTree(names: string[], say: (text: string) => void): string {
  buildPages(project)
  for (const name of names) say(`Broken on purpose: ${breaks[name]?.what}`)
  const broken = names.flatMap((name) => breaks[name] ?? [])
  const patches = broken.flatMap((one) => one.patches ?? [])
  if (patches.length === 0) return project
  const tree = join(testFolder, 'chaos-broken')
  rmSync(tree, { recursive: true, force: true })
  mkdirSync(tree, { recursive: true })
  for (const path of [...copied, ...copiedFiles, ...copiedEntries])
    cpSync(join(project, path), join(tree, path), { recursive: true })
  // Links to each file, because the bundler rejects a folder that is a link out of the tree.
  execFileSync('cp', ['-al', join(project, 'node_modules'), join(tree, 'node_modules')])
  for (const patch of patches) apply(tree, patch)
  if (broken.some((one) => one.web)) buildPages(tree)
  return tree
}

/** Does nothing when the pages were built from the same source already. */
const buildPages = (tree: string): void => {
  execFileSync(process.execPath, ['scripts/build.mjs', '--quiet'], {
    cwd: tree,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

function apply(tree: string, { file, find, replace }: Patch): void {
  const path = join(tree, file)
  const text = readFileSync(path, 'utf8')
  if (text.split(find).length !== 2) throw new Error(`A break does not fit: ${file} has not once: ${find}`)
  writeFileSync(
    path,
    text.replace(find, () => replace),
  )
}

export async function breakDatabase(names: string[], database: Database): Promise<void> {
  for (const name of names) {
    const sql = breaks[name]?.sql
    if (sql) await database.query(sql)
  }
}
