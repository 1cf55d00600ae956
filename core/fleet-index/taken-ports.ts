/** Which nodes hold a fixed host port: few requests ask for one, and most fleets have none that is taken. */
import type { TakenPort } from '@/core/placement/host-ports'
import type { FleetNode } from '@/core/placement/types'

const nobody: ReadonlySet<string> = new Set()

/** The node with these ports taken, too. */
export const withPorts = (node: FleetNode, ports: readonly TakenPort[]): FleetNode =>
  ports.length === 0 ? node : { ...node, takenPorts: [...(node.takenPorts ?? []), ...ports] }

export class TakenPorts {
  /** By port: ids of the nodes that hold it. */
  readonly #holders = new Map<number, Set<string>>()

  add({ id }: FleetNode, ports: readonly TakenPort[]): void {
    for (const { port } of ports) {
      const holders = this.#holders.get(port) ?? new Set()
      this.#holders.set(port, holders.add(id))
    }
  }

  put(node: FleetNode): void {
    if (node.takenPorts) this.add(node, node.takenPorts)
  }

  remove({ id, takenPorts = [] }: FleetNode): void {
    for (const { port } of takenPorts) {
      const holders = this.#holders.get(port)
      holders?.delete(id)
      if (holders?.size === 0) this.#holders.delete(port)
    }
  }

  /** Ids of the nodes that hold any of these ports, each once. */
  on(ports: readonly number[] | undefined): ReadonlySet<string> {
    if (ports === undefined || this.#holders.size === 0) return nobody
    const [only] = ports
    if (ports.length === 1 && only !== undefined) return this.#holders.get(only) ?? nobody
    return new Set(ports.flatMap((port) => [...(this.#holders.get(port) ?? [])]))
  }
}
