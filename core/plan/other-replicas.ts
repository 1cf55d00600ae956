import { isOf, type PlacedReplica } from '@/core/placement/placed-replica'
import type { Located } from '@/core/scheduler/filters/topology'
import type { WorkingFleet } from './fleet-snapshot'
import type { DeploymentToSchedule, NewReplica } from './types'

/** Where the replicas of other deployments are while a batch is decided: each sees what was decided before it. */
export class OtherReplicas {
  #replicas: PlacedReplica[]

  constructor(replicas: PlacedReplica[]) {
    this.#replicas = replicas
  }

  /** The nodes that hold a replica of the deployment with this name or id; one's own replicas are no others. */
  nodesWith(nameOrId: string, { except, fleet }: { except: string; fleet: WorkingFleet }): Located[] {
    return this.#replicas.flatMap((replica) =>
      replica.deploymentId !== except && isOf(replica, nameOrId) ? (fleet.node(replica.nodeId) ?? []) : [],
    )
  }

  decided({ id, name }: DeploymentToSchedule, { place, stop }: { place: NewReplica[]; stop: string[] }): void {
    this.#replicas = this.#replicas.filter((replica) => !stop.includes(replica.id))
    for (const { id: replicaId, nodeId } of place)
      this.#replicas.push({ id: replicaId, deploymentId: id, deploymentName: name, nodeId })
  }
}
