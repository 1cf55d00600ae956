/**
 * A fleet with random activity: actions of people, agents and the scheduler, one at a time, each chosen by a number.
 */

import { markUnreachableNodes } from '@/server/store/agents/heartbeats'
import { sweepLostReplicas } from '@/server/store/node-loss/lost'
import { aDeployment, FakeAgent, type TestControlPlane } from '@/testing/control-plane'

type Admin = Awaited<ReturnType<TestControlPlane['as']>>

/**
 * Every action at least once, and every status of nodes and replicas, which few random histories would reach. As long
 * as only node-3 takes replicas, the choice of nodes does not matter.
 */
export const opening: [deed: string, pick: number][] = [
  // An empty node goes into maintenance and is drained once more, while the others are cordoned.
  ['drain', 4],
  ['drain', 9],
  ['cordon', 0],
  ['cordon', 6],
  ['cordon', 8],
  // Two replicas fill node-3. One ends, the other is lost with the node, which returns and then goes offline for good.
  ['deploy', 1],
  ['schedule', 0],
  ['obey', 0],
  ['end', 2],
  ['outage', 2],
  ['lose', 0],
  ['return', 0],
  ['outage', 2],
  ['remove', 0],
  // Capacity again, and a deployment that fails and is retried.
  ['cordon', 5],
  ['cordon', 1],
  ['undrain', 4],
  ['join', 0],
  ['overreach', 0],
  ['schedule', 0],
  ['retry', 0],
  // Three replicas, which are updated and rolled back.
  ['deploy', 2],
  ['schedule', 0],
  ['obey', 0],
  ['update', 2],
  ['schedule', 0],
  ['rollback', 0],
  ['scale', 2],
  ['resize', 2],
  ['schedule', 0],
  ['obey', 0],
  ['fail', 0],
  ['drain', 0],
  ['drain', 1],
  ['drain', 5],
  ['delete', 0],
]

export class Life {
  /** One agent per node, by the name of the node, so that nodes can go offline one by one. */
  readonly #agents = new Map<string, FakeAgent>()
  readonly #offline = new Set<string>()
  readonly #gone = new Set<string>()
  readonly #deployments: string[] = []

  private constructor(
    readonly cp: TestControlPlane,
    private readonly admin: Admin,
  ) {}

  static async begin(cp: TestControlPlane): Promise<Life> {
    const life = new Life(cp, await cp.as('admin'))
    for (let i = 0; i < 5; i++) await life.join()
    return life
  }

  get deployments(): readonly string[] {
    return this.#deployments
  }

  private async join(): Promise<void> {
    const number = this.#agents.size + 1
    const name = `node-${number}`
    const region = number % 2 ? 'us-east' : 'eu-west'
    this.#agents.set(name, await new FakeAgent(this.cp).join({ name, region, cpuCores: 2 + (number % 3) }))
  }

  private reporting(): [string, FakeAgent][] {
    return [...this.#agents].filter(([name]) => !this.#offline.has(name) && !this.#gone.has(name))
  }

  private async beat(): Promise<void> {
    for (const [, agent] of this.reporting()) await agent.heartbeat()
  }

  /** Each action returns whether it could be done; `pick` chooses its target. */
  readonly deeds: Record<string, (pick: number) => Promise<boolean>> = {
    deploy: async (pick) => {
      const asked = aDeployment({
        name: `app-${this.#deployments.length}`,
        replicas: 1 + (pick % 3),
        max_per_node: 2,
        wait_for_capacity: pick % 2 === 0,
      })
      this.#deployments.push((await this.admin.deployment.deploy(asked)).deployment_id)
      return true
    },
    /** Asks for more than any node has. */
    overreach: async () => {
      const asked = aDeployment({ name: `app-${this.#deployments.length}`, resources: { cpu: 16, memory: 1024 } })
      this.#deployments.push((await this.admin.deployment.deploy(asked)).deployment_id)
      return true
    },
    scale: (pick) => this.change(pick, (id) => this.admin.deployment.scale({ deployment_id: id, replicas: pick % 4 })),
    // An update that changes only the number of replicas is a scale by another name.
    resize: (pick) =>
      this.change(pick, (id) => this.admin.deployment.update({ deployment_id: id, replicas: 1 + (pick % 4) })),
    update: (pick) =>
      this.change(pick, (id) =>
        this.admin.deployment.update({ deployment_id: id, container_image: `nginx:${pick}`, replicas: 1 + (pick % 3) }),
      ),
    rollback: (pick) => this.first(pick, (id) => this.admin.deployment.rollback({ deployment_id: id, revision: 1 })),
    retry: (pick) => this.first(pick, (id) => this.admin.deployment.retry({ deployment_id: id })),
    delete: async (pick) =>
      pick % 3 === 0 && this.change(pick, (id) => this.admin.deployment.delete({ deployment_id: id })),
    schedule: async () => {
      await this.beat()
      await this.cp.makeDue()
      return (await this.cp.schedule()) > 0
    },
    obey: async () => {
      for (const [, agent] of this.reporting()) await agent.obey()
      return true
    },
    fail: async (pick) => {
      await this.one(this.reporting(), pick)?.[1].fail('exited with code 1', { started: pick % 2 === 0 })
      return true
    },
    /** The container ended, and is not removed yet. */
    end: async (pick) => {
      const agent = this.one(this.reporting(), pick)?.[1]
      const replica = (await agent?.wanted())?.find(({ wanted }) => wanted === 'run')
      if (!agent || !replica) return false
      await agent.report(replica, { status: 'failed', reason: 'killed', exitCode: 137, startedAt: null })
      return true
    },
    cordon: (pick) => this.onNode(pick, (id) => this.admin.node.cordon({ id, cordoned: pick % 2 === 0 })),
    drain: (pick) => this.onNode(pick, (id) => this.admin.node.drain({ id, maintenance: pick % 2 === 0 })),
    undrain: (pick) => this.onNode(pick, (id) => this.admin.node.undrain({ id })),
    outage: async (pick) => {
      const name = this.one(this.reporting(), pick)?.[0]
      if (name === undefined || this.reporting().length < 3) return false
      await this.beat()
      await this.cp.sql(`update nodes set last_heartbeat = now() - interval '10 minutes' where node_id = $1`, [name])
      this.#offline.add(name)
      return (await markUnreachableNodes(this.cp.store, this.cp.epoch)).length > 0
    },
    lose: async () => {
      await this.beat()
      const { lost } = await sweepLostReplicas(this.cp.store, { epoch: this.cp.epoch, earliestSeconds: 1 })
      return lost.length > 0
    },
    return: async (pick) => {
      const name = this.one([...this.#offline], pick)
      if (name === undefined) return false
      this.#offline.delete(name)
      await this.#agents.get(name)?.heartbeat()
      return true
    },
    join: async () => {
      if (this.#agents.size >= 9) return false
      await this.join()
      return true
    },
    remove: async (pick) => {
      const name = this.one([...this.#offline], pick)
      const id = name && this.#agents.get(name)?.id(name)
      if (!id) return false
      const done = await attempted(this.admin.node.remove({ id, lost_name: name }))
      if (done) {
        this.#gone.add(name)
        this.#offline.delete(name)
      }
      return done
    },
  }

  private one<Item>(items: readonly Item[], pick: number): Item | undefined {
    return items[pick % Math.max(1, items.length)]
  }

  private async change(pick: number, act: (id: string) => Promise<unknown>): Promise<boolean> {
    const id = this.one(this.#deployments, pick)
    return id !== undefined && attempted(act(id))
  }

  /** For actions that few deployments permit: takes the first one from the chosen one on that does. */
  private async first(pick: number, act: (id: string) => Promise<unknown>): Promise<boolean> {
    for (let i = 0; i < this.#deployments.length; i++) if (await this.change(pick + i, act)) return true
    return false
  }

  private async onNode(pick: number, act: (id: string) => Promise<unknown>): Promise<boolean> {
    const [name, agent] = this.one([...this.#agents], pick) ?? []
    return name !== undefined && agent !== undefined && attempted(act(agent.id(name)))
  }
}

/** Not every action is possible at any time. A refused one did not happen. */
async function attempted(act: Promise<unknown>): Promise<boolean> {
  try {
    await act
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['CONFLICT', 'NOT_FOUND'].includes(String(error.code)))
      return false
    throw error
  }
}
