import { isOf, type PlacedReplica } from '@/core/placement/placed-replica'
import type { Located } from '@/core/scheduler/filters/topology'
import type { WorkingFleet } from './fleet-snapshot'
import type { DeploymentToSchedule, NewReplica } from './types'

/** The replicas of other deployments while a batch is decided. Each decision sees the results of earlier ones. */
export class OtherReplicas {
  #replicas: PlacedReplica[]

  constructor(replicas: PlacedReplica[]) {
    this.#replicas = replicas
  }

  /** Returns the nodes of a deployment's replicas, given its name or id. The deployment with id `except` has none. */
  nodesWith(nameOrId: string, { except, fleet }: { except: string; fleet: WorkingFleet }): Located[] {
    return this.#replicas.flatMap((replica) =>
      replica.deploymentId !== except && isOf(replica, nameOrId) ? (fleet.node(replica.nodeId) ?? []) : [],
    )
  }

  /** Applies the outcome of one decision. */
  decided({ id, name }: DeploymentToSchedule, { place, stop }: { place: NewReplica[]; stop: string[] }): void {
    this.#replicas = this.#replicas.filter((replica) => !stop.includes(replica.id))
    for (const { id: replicaId, nodeId } of place)
      this.#replicas.push({ id: replicaId, deploymentId: id, deploymentName: name, nodeId })
  }
}
