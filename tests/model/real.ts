/** The transactions of the model on the real store and database, and the view of the database that the model has. */

import type { DeploymentStatus, ReplicaStatus } from '@/core/deployments/status'
import { millisOfCores } from '@/core/placement/resources'
import { planDeployment } from '@/core/plan/reconcile'
import type { DeploymentToSchedule } from '@/core/plan/types'
import type { Evaluation as Claimed } from '@/core/queue/evaluation'
import { transaction } from '@/server/db/client'
import { markUnreachableNodes } from '@/server/store/agents/heartbeats'
import { StaleLeaderError } from '@/server/store/leader/leadership'
import { sweepLostReplicas } from '@/server/store/node-loss/lost'
import { refreshNodeStatus } from '@/server/store/nodes/node-rows'
import { markDead } from '@/server/store/queue/dead-letters'
import {
  claimEvaluations,
  releaseEvaluation,
  returnLeases,
  wakeBlockedEvaluations,
} from '@/server/store/queue/evaluations'
import { commitSteps, LostRaceError } from '@/server/store/scheduling/scheduling'
import { readDeploymentsToSchedule } from '@/server/store/scheduling/scheduling-reads'
import { aDeployment, FakeAgent, type TestControlPlane } from '@/testing/control-plane'
import { capacity, type Database, type Evaluation, type Plan, type Refusal, type Report } from './database'

/**
 * Nodes that the model does not know and that take no replicas. They keep two offline nodes from triggering outage
 * protection.
 */
const bystanders = 8

interface Worker {
  epoch: bigint
  claimed: Claimed | null
  read: DeploymentToSchedule | null
}

const workerName = (by: number): string => `scheduler-${by}`

export class Real {
  deploymentId = ''
  readonly workers: Worker[] = [0, 1].map(() => ({ epoch: 0n, claimed: null, read: null }))

  private constructor(
    readonly cp: TestControlPlane,
    private readonly agents: readonly FakeAgent[],
  ) {}

  static async prepare(cp: TestControlPlane): Promise<Real> {
    const agents = []
    for (const node of [0, 1])
      agents.push(await new FakeAgent(cp).join({ name: `node-${node}`, region: `r-${node}`, cpuCores: capacity }))
    const names = Array.from({ length: bystanders }, (_, i) => ({ name: `bystander-${i}`, region: `r-${i % 2}` }))
    await new FakeAgent(cp).join(...names)
    await cp.sql(`update nodes set cordoned = true where node_id like 'bystander%'`)
    return new Real(cp, agents)
  }

  nodeId(node: number): string {
    return this.agents[node]?.id(`node-${node}`) ?? ''
  }

  /** Restores the state before the first operation. */
  async reset(): Promise<void> {
    await this.cp.sql('truncate deployments cascade')
    await this.cp.sql('update scheduler_leadership set epoch = 1000')
    await this.cp.sql(
      `update nodes set status = 'idle', reserved_cpu_millis = 0, reserved_memory_mb = 0, reserved_storage_gb = 0, last_heartbeat = now()`,
    )
    this.deploymentId = ''
    for (const worker of this.workers) Object.assign(worker, { epoch: 0n, claimed: null, read: null })
  }

  private async admin() {
    return this.cp.as('admin')
  }

  async deploy(replicas: number, waits: boolean): Promise<void> {
    const input = aDeployment({ replicas, max_per_node: capacity, wait_for_capacity: waits })
    this.deploymentId = (await (await this.admin()).deployment.deploy(input)).deployment_id
  }

  async scale(replicas: number): Promise<void> {
    await (await this.admin()).deployment.scale({ deployment_id: this.deploymentId, replicas })
  }

  async retry(): Promise<void> {
    await (await this.admin()).deployment.retry({ deployment_id: this.deploymentId })
  }

  async remove(): Promise<void> {
    await (await this.admin()).deployment.delete({ deployment_id: this.deploymentId })
  }

  async elect(by: number): Promise<void> {
    const [row] = await this.cp.sql<{ epoch: string }>(
      'update scheduler_leadership set epoch = epoch + 1 returning epoch',
    )
    Object.assign(this.worker(by), { epoch: BigInt(row?.epoch ?? 0), claimed: null, read: null })
  }

  private worker(by: number): Worker {
    const worker = this.workers[by]
    if (!worker) throw new Error(`There is no scheduler ${by}`)
    return worker
  }

  private committer(by: number) {
    return { epoch: this.worker(by).epoch, worker: workerName(by) }
  }

  async claim(by: number, which: 'fresh' | 'retried'): Promise<Refusal | null> {
    const claimed = await refusalOf(claimEvaluations(this.cp.store, this.committer(by), { limit: 1, which }))
    if (typeof claimed === 'string') return claimed
    this.worker(by).claimed = claimed[0] ?? null
    return null
  }

  /**
   * Reads the input of a decision. Returns what the real planner would place and stop now, or null when it would wait.
   */
  async read(by: number): Promise<Pick<Plan, 'place' | 'stop'> | null> {
    const read = (await readDeploymentsToSchedule(this.cp.store, [this.deploymentId])).get(this.deploymentId)
    if (!read) throw new Error('the deployment was to be found')
    this.worker(by).read = read
    const plan = planDeployment(read, read.attempts, { now: new Date() })
    if (plan.exhausted !== null || plan.retryAt !== null) return null
    const stopped = read.attempts.filter((one) => plan.stop.includes(one.id))
    return {
      place: plan.place.map((one) => ({ ...one, node: -1 })),
      stop: stopped.map(({ slot, generation }) => ({ slot, generation })),
    }
  }

  async commit(by: number, plan: Plan): Promise<Refusal | null> {
    const { claimed, read } = this.worker(by)
    if (!claimed || !read) throw new Error('nothing was decided')
    const step = {
      evaluation: claimed,
      deployment: read,
      decision: null,
      place: plan.place.map(({ slot, generation, node }) => ({
        id: crypto.randomUUID(),
        nodeId: this.nodeId(node),
        nodeName: `node-${node}`,
        slot,
        generation,
        score: 1,
        takesOver: null,
      })),
      stop: read.attempts
        .filter((one) => plan.stop.some((stop) => stop.slot === one.slot && stop.generation === one.generation))
        .map((one) => one.id),
      status: plan.to === null ? null : { to: plan.to, reason: 'as the model says' },
      evaluationEnds: plan.ends,
      retryInMs: null,
    }
    const snapshotRef = { entry: null, journalSeq: null, at: new Date() }
    const outcome = await refusalOf(commitSteps(this.cp.store, this.committer(by), { steps: [step], snapshotRef }))
    return typeof outcome === 'string' ? outcome : null
  }

  async release(by: number): Promise<void> {
    const id = this.worker(by).claimed?.id ?? ''
    await releaseEvaluation(this.cp.store, this.committer(by), { id, error: 'stumbled', delayMs: 0 })
  }

  async markDead(by: number): Promise<Refusal | null> {
    const deadLetter = {
      id: this.worker(by).claimed?.id ?? '',
      deploymentId: this.deploymentId,
      reason: 'stumbled too often',
      error: 'stumbled',
    }
    const outcome = await refusalOf(markDead(this.cp.store, this.committer(by), deadLetter))
    return typeof outcome === 'string' ? outcome : null
  }

  handBack(by: number): Promise<void> {
    return returnLeases(this.cp.store, this.committer(by))
  }

  async expire(by: number): Promise<void> {
    const { epoch, worker } = this.committer(by)
    await this.cp.sql(
      `update evaluations set lease_expires_at = now() - interval '1 second' where leased_by = $1 and lease_epoch = $2 and status = 'leased'`,
      [worker, epoch.toString()],
    )
  }

  async report({ slot, generation, node, status, gone }: Report): Promise<void> {
    const [row] = await this.cp.sql<{ id: string }>(
      'select id from deployment_replicas where deployment_id = $1 and slot = $2 and generation = $3',
      [this.deploymentId, slot, generation],
    )
    const replica = { nodeId: this.nodeId(node), replicaId: row?.id ?? crypto.randomUUID() }
    await this.agents[node]?.report(replica, { status, gone, reason: `${status} in the model` })
  }

  async lose(by: number, node: number): Promise<Refusal | null> {
    const { epoch } = this.worker(by)
    const { store } = this.cp
    await this.cp.sql('update nodes set last_heartbeat = now() where id <> $1', [this.nodeId(node)])
    await this.cp.sql(`update nodes set last_heartbeat = now() - interval '10 minutes' where id = $1`, [
      this.nodeId(node),
    ])
    const outcome = await refusalOf(
      markUnreachableNodes(store, epoch).then(() => sweepLostReplicas(store, { epoch, earliestSeconds: 22 })),
    )
    return typeof outcome === 'string' ? outcome : null
  }

  async heartbeat(node: number): Promise<void> {
    await this.agents[node]?.heartbeat()
  }

  /** Another deployment takes a unit of the node, or releases it. */
  async rival(node: number, units: 1 | -1): Promise<void> {
    await transaction(this.cp.store, async (tx) => {
      await tx.query('update nodes set reserved_cpu_millis = reserved_cpu_millis + $2 where id = $1', [
        this.nodeId(node),
        units * 1000,
      ])
      await refreshNodeStatus(tx, [this.nodeId(node)])
      if (units < 0) await wakeBlockedEvaluations(tx)
    })
  }

  /** The part of the database that the model knows, in a comparable form. */
  async view(): Promise<View> {
    const [deployment] = await this.cp.sql<{ status: DeploymentStatus; target: number; version: number }>(
      'select status, target_replicas as target, version from deployments',
    )
    const replicas = await this.cp.sql<RealReplica>(
      `select slot, generation, node_id, status, wanted, reserved as held from deployment_replicas r
       where reserved or not exists (select 1 from deployment_replicas o where o.deployment_id = r.deployment_id and o.slot = r.slot
         and o.generation > r.generation)`,
    )
    const evaluations = await this.cp.sql<RealEvaluation>(
      `select status, attempts, leased_by, lease_epoch::int as epoch, coalesce(lease_expires_at < now(), false) as expired
       from evaluations where status <> 'done'`,
    )
    const nodes = await this.cp.sql<{ online: boolean; reserved: number; memory: number }>(
      `select status <> 'offline' as online, reserved_cpu_millis as reserved, reserved_memory_mb as memory
       from nodes where node_id like 'node-%' order by node_id`,
    )
    return {
      deployment: deployment ?? null,
      replicas: replicas.map((one) => this.replicaText(one)).sort(),
      evaluations: evaluations.map(evaluationText).sort(),
      nodes: nodes.map(
        (node) => `${node.online ? 'online' : 'offline'}, ${node.reserved / millisOfCores(1)} places taken`,
      ),
    }
  }

  private replicaText({ slot, generation, node_id, status, wanted, held }: RealReplica): string {
    const node = [0, 1].find((each) => this.nodeId(each) === node_id)
    return `${slot}.${generation} on ${node}: ${status}, to ${wanted}${held ? ', held' : ''}`
  }

  /** Every change of the deployment's status has one row, and each begins where the previous one ended. */
  async history(): Promise<{ old_status: string; new_status: DeploymentStatus }[]> {
    return this.cp.sql('select old_status, new_status from deployment_status_history order by seq')
  }
}

interface RealReplica {
  slot: number
  generation: number
  node_id: string
  status: ReplicaStatus
  wanted: 'run' | 'stop'
  held: boolean
}

interface RealEvaluation {
  status: string
  attempts: number
  leased_by: string | null
  epoch: number | null
  expired: boolean
}

const evaluationText = ({ status, attempts, leased_by, epoch, expired }: RealEvaluation): string =>
  status === 'leased'
    ? `leased by ${leased_by} in reign ${epoch}, attempt ${attempts}${expired ? ', expired' : ''}`
    : `${status} after ${attempts}`

interface View {
  deployment: Database['deployment']
  replicas: string[]
  evaluations: string[]
  nodes: string[]
}

/** The model's database in the same form. */
export const viewOf = (db: Database): View => ({
  deployment: db.deployment,
  replicas: db.replicas
    .map(
      (one) =>
        `${one.slot}.${one.generation} on ${one.node}: ${one.status}, to ${one.run ? 'run' : 'stop'}${one.held ? ', held' : ''}`,
    )
    .sort(),
  evaluations: db.evaluations.map((one) => evaluationText(asReal(one))).sort(),
  nodes: db.nodes.map(({ online, rival }, node) => {
    const held = db.replicas.filter((one) => one.node === node && one.held).length
    return `${online ? 'online' : 'offline'}, ${rival + held} places taken`
  }),
})

const asReal = ({ status, attempts, by, epoch, expired }: Evaluation): RealEvaluation => ({
  status,
  attempts,
  leased_by: by === null ? null : workerName(by),
  epoch,
  expired,
})

async function refusalOf<T extends object | null>(work: Promise<T>): Promise<T | Refusal> {
  try {
    return await work
  } catch (error) {
    if (error instanceof StaleLeaderError) return 'stale leader'
    if (error instanceof LostRaceError) return 'lost race'
    throw error
  }
}
