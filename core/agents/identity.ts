/**
 * Decides which agent process holds the nodes of a credential. A credential can be copied: with a disk, a backup, a
 * virtual machine. So each agent process generates an *instance* id and claims the nodes; one instance holds them at a
 * time. This file distinguishes a restart or a move from a second agent; server/store/agents/identities.ts stores it.
 */

/** Identifies a machine and a process on it. Ids are hashed; null and empty mean unknown. */
export interface MachineFacts {
  hostName: string
  /** Id of the installed operating system; a copied disk has the same. */
  machineId: string | null
  /** Ids of the built-in network cards. */
  hardware: string[]
  /** Changes with each boot. */
  bootId: string | null
  /** Id of the container engine's data directory. */
  engineId: string | null
  /** Process ids are comparable only within one namespace. */
  processNamespace: string | null
  pid: number
  /** Start time of the process in the system's own format; distinguishes a reused pid. */
  processStart: string
}

/** A system that provides no ids. */
export const unknownMachine: MachineFacts = {
  hostName: 'unknown',
  machineId: null,
  hardware: [],
  bootId: null,
  engineId: null,
  processNamespace: null,
  pid: 0,
  processStart: 'unknown',
}

export interface Claim {
  machine: MachineFacts
  /** Seconds since the boot of the machine (`upSeconds`) and since the start of the agent (`runsSeconds`). */
  upSeconds: number
  runsSeconds: number
  /** Whether the holder's process is alive, if the answer to an earlier claim asked the agent to look; else null. */
  found: { instance: string; alive: boolean } | null
}

export interface Holder {
  instance: string
  machine: MachineFacts
  /** Seconds since its last contact. */
  offlineSeconds: number
}

export type ClaimAnswer =
  | { state: 'granted' }
  /** The holder is or was a process on the same machine: the agent looks for it and claims again with the result. */
  | { state: 'look'; holder: { instance: string; pid: number; processStart: string } }
  /** The agent may claim again later; no person has to act. */
  | { state: 'wait'; why: string }
  /** Refused until a person decides. `here`: both processes run on one machine, and the second one has to exit. */
  | { state: 'refused'; here: boolean; why: string }

export type ClaimVerdict =
  | { state: 'granted'; how: 'first' | 'again' | 'restarted' | 'moved' }
  | { state: 'look' }
  | { state: 'wait' }
  /** `process`: both run on one machine. `twins`: two machines with the same ids run at the same time. */
  | { state: 'refused'; second: SecondKind }

const secondKinds = ['process', 'twins', 'machine'] as const
export type SecondKind = (typeof secondKinds)[number]

export interface ClaimCase {
  holder: Holder | null
  instance: string
  claim: Claim
  /** A person allowed this instance, or this machine since its boot, to take over the nodes. */
  allowed: { instance: string; bootId: string | null } | null
  /** For how long the holder keeps the nodes after its last contact: the heartbeat limit. */
  leaseSeconds: number
}

/**
 * Grants a claim from the same machine at once if the holder's process is known to be gone, otherwise when the holder's
 * lease ends. A claimant that started long before the holder's last contact ran beside it: that is no restart, however
 * long the holder has been unreachable. A claim from another machine needs a person.
 */
export function judgeClaim({ holder, instance, claim, allowed, leaseSeconds }: ClaimCase): ClaimVerdict {
  if (holder === null) return { state: 'granted', how: 'first' }
  if (holder.instance === instance) return { state: 'granted', how: 'again' }
  const { machine } = claim
  const isAllowed = allowed !== null && (allowed.instance === instance || isSame(allowed.bootId, machine.bootId))
  if (isAllowed) return { state: 'granted', how: 'moved' }
  const kin = kinship(holder.machine, machine)
  if (kin === 'other machine') return { state: 'refused', second: 'machine' }
  if (kin === 'same boot' && holder.machine.processNamespace === machine.processNamespace) {
    if (claim.found?.instance !== holder.instance) return { state: 'look' }
    return claim.found.alive ? { state: 'refused', second: 'process' } : { state: 'granted', how: 'restarted' }
  }
  const ageSeconds = kin === 'same boot' ? claim.runsSeconds : claim.upSeconds
  if (ageSeconds - holder.offlineSeconds > leaseSeconds) return { state: 'refused', second: 'twins' }
  return holder.offlineSeconds > leaseSeconds ? { state: 'granted', how: 'restarted' } : { state: 'wait' }
}

const isSame = (a: string | null, b: string | null): boolean => a !== null && a === b
const differs = (a: string | null, b: string | null): boolean => a !== null && b !== null && a !== b

type Kinship = 'same boot' | 'same machine' | 'other machine'

/** Compares two machines. A copied disk has the ids of the original, but not its network cards. */
export function kinship(a: MachineFacts, b: MachineFacts): Kinship {
  if (isSame(a.bootId, b.bootId)) return 'same boot'
  const bothShow = a.hardware.length > 0 && b.hardware.length > 0
  const shared = a.hardware.some((card) => b.hardware.includes(card))
  if (bothShow && !shared) return 'other machine'
  if (isSame(a.machineId, b.machineId)) return 'same machine'
  if (differs(a.machineId, b.machineId)) return 'other machine'
  if (shared || isSame(a.engineId, b.engineId)) return 'same machine'
  // Systems without boot ids are compared by host name.
  return a.hostName === b.hostName && a.bootId === null && b.bootId === null ? 'same machine' : 'other machine'
}

interface Reported {
  /** Name of one of the nodes; `more` is the number of the others. */
  node: string
  more: number
  holder: Holder
  machine: MachineFacts
}

const nodesOf = ({ node, more }: Reported): string => (more > 0 ? `${node} and ${more} more` : node)

const ago = (seconds: number): string => (seconds < 1 ? 'a moment ago' : `${Math.round(seconds)} s ago`)

/** Returns the message that the agent prints, with what to do. */
export function refusalText(second: SecondKind, reported: Reported): string {
  const { holder, machine, node } = reported
  const ownNode = 'start it with an empty data folder and a join token'
  switch (second) {
    case 'process':
      return `another agent on this machine (process ${holder.machine.pid}) speaks for ${nodesOf(reported)} already: end that one, or, if this is to be a node of its own, ${ownNode}`
    case 'twins':
      return `another machine speaks for ${nodesOf(reported)} and was last seen ${ago(holder.offlineSeconds)} (${holder.machine.hostName}): this one (${machine.hostName}) looks like a copy of it. If it is to be a node of its own, ${ownNode}; if it is to take the place of the other, let it on the page of ${node}`
    case 'machine':
      return `${nodesOf(reported)} belongs to another machine (${holder.machine.hostName}, last seen ${ago(holder.offlineSeconds)}), and this is ${machine.hostName}: its data folder was copied. If this is to be a node of its own, ${ownNode}; if it is to take the place of the other, let it on the page of ${node}`
  }
}

export const waitText = (reported: Reported): string =>
  `another agent spoke for ${nodesOf(reported)} ${ago(reported.holder.offlineSeconds)} (${reported.holder.machine.hostName}): waiting until it is offline`

/** Describes a refused second agent, for the events of the node. */
export function secondText(second: SecondKind, { hostName, pid }: MachineFacts, address: string | null): string {
  const at = address === null ? '' : ` at ${address}`
  return second === 'process'
    ? `A second agent on the same machine (process ${pid}) uses this node's credential and was refused`
    : `A second machine (${hostName}${at}) uses this node's credential and was refused: its data folder is a copy`
}
