/**
 * Who speaks for nodes. A credential can be copied: with a disk, a backup, a virtual machine. So each start of an agent
 * makes itself a name, its *instance*, and claims the nodes of its credential; one instance holds them at a time. What
 * tells a restart and a move from a second speaker is decided here. Pure; server/store/agents/identities.ts keeps it.
 */

/** What tells one machine, and one process on it, from another. Ids are hashed; null and empty are unknown. */
export interface MachineFacts {
  hostName: string
  /** Of the installation of the operating system; a copy of the disk has it, too. */
  machineId: string | null
  /** Of the built-in network cards. */
  hardware: string[]
  /** Another one after each boot. */
  bootId: string | null
  /** Of the container engine's data. */
  engineId: string | null
  /** Within one, numbers of processes mean the same. */
  processNamespace: string | null
  pid: number
  /** When the process started, in its system's words: tells a number that is used again from the process it meant. */
  processStart: string
}

/** Of a system that tells nothing. */
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
  /** How long ago the machine was booted and the agent was started. */
  upSeconds: number
  runsSeconds: number
  /** What was found when the answer to an earlier claim asked for the process of the holder. */
  found: { instance: string; alive: boolean } | null
}

export interface Holder {
  instance: string
  machine: MachineFacts
  /** How long ago it was heard. */
  silentSeconds: number
}

export type ClaimAnswer =
  | { state: 'granted' }
  /** The holder is, or was, a process of the same machine: look for it, and claim again with what was found. */
  | { state: 'look'; holder: { instance: string; pid: number; processStart: string } }
  /** Passes by itself. */
  | { state: 'wait'; why: string }
  /** Until a person decides. `here`: both are processes of one machine, and the second one can only end. */
  | { state: 'refused'; here: boolean; why: string }

export type ClaimVerdict =
  | { state: 'granted'; how: 'first' | 'again' | 'restarted' | 'moved' }
  | { state: 'look' }
  | { state: 'wait' }
  /** `process`: both run on one machine; `twins`: two that look like one machine run at the same time. */
  | { state: 'refused'; second: SecondKind }

const secondKinds = ['process', 'twins', 'machine'] as const
export type SecondKind = (typeof secondKinds)[number]

export interface ClaimCase {
  holder: Holder | null
  instance: string
  claim: Claim
  /** A person let this instance, or this machine since its boot, take the nodes over. */
  allowed: { instance: string; bootId: string | null } | null
  /** For so long after it was heard the holder's word stands: the limit of heartbeats. */
  leaseSeconds: number
}

/**
 * The same machine is taken over at once where it can see that the holder's process is gone, otherwise once the holder's
 * lease is over. Who began long before the holder was last heard ran beside it: that is no restart, however long the
 * holder is silent. Another machine needs a person.
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
  if (ageSeconds - holder.silentSeconds > leaseSeconds) return { state: 'refused', second: 'twins' }
  return holder.silentSeconds > leaseSeconds ? { state: 'granted', how: 'restarted' } : { state: 'wait' }
}

const isSame = (a: string | null, b: string | null): boolean => a !== null && a === b
const differs = (a: string | null, b: string | null): boolean => a !== null && b !== null && a !== b

type Kinship = 'same boot' | 'same machine' | 'other machine'

/** A copied disk has the ids of the first one, but not its network cards. */
export function kinship(a: MachineFacts, b: MachineFacts): Kinship {
  if (isSame(a.bootId, b.bootId)) return 'same boot'
  const bothShow = a.hardware.length > 0 && b.hardware.length > 0
  const shared = a.hardware.some((card) => b.hardware.includes(card))
  if (bothShow && !shared) return 'other machine'
  if (isSame(a.machineId, b.machineId)) return 'same machine'
  if (differs(a.machineId, b.machineId)) return 'other machine'
  if (shared || isSame(a.engineId, b.engineId)) return 'same machine'
  // Systems that tell nothing else.
  return a.hostName === b.hostName && a.bootId === null && b.bootId === null ? 'same machine' : 'other machine'
}

interface Reported {
  /** Of one of the nodes, and how many more there are. */
  node: string
  more: number
  holder: Holder
  machine: MachineFacts
}

const nodesOf = ({ node, more }: Reported): string => (more > 0 ? `${node} and ${more} more` : node)

const heard = (seconds: number): string => (seconds < 1 ? 'a moment ago' : `${Math.round(seconds)} s ago`)

/** What the agent says in its terminal, and what to do. */
export function refusalText(second: SecondKind, reported: Reported): string {
  const { holder, machine, node } = reported
  const ownNode = 'start it with an empty data folder and a join token'
  switch (second) {
    case 'process':
      return `another agent on this machine (process ${holder.machine.pid}) speaks for ${nodesOf(reported)} already: end that one, or, if this is to be a node of its own, ${ownNode}`
    case 'twins':
      return `another machine speaks for ${nodesOf(reported)} and was heard ${heard(holder.silentSeconds)} (${holder.machine.hostName}): this one (${machine.hostName}) looks like a copy of it. If it is to be a node of its own, ${ownNode}; if it is to take the place of the other, let it on the page of ${node}`
    case 'machine':
      return `${nodesOf(reported)} belongs to another machine (${holder.machine.hostName}, heard ${heard(holder.silentSeconds)}), and this is ${machine.hostName}: its data folder was copied. If this is to be a node of its own, ${ownNode}; if it is to take the place of the other, let it on the page of ${node}`
  }
}

export const waitText = (reported: Reported): string =>
  `another agent spoke for ${nodesOf(reported)} ${heard(reported.holder.silentSeconds)} (${reported.holder.machine.hostName}): waiting until it is silent`

/** Of a refused second speaker, for the events of the node. */
export function secondText(second: SecondKind, { hostName, pid }: MachineFacts, address: string | null): string {
  const at = address === null ? '' : ` at ${address}`
  return second === 'process'
    ? `A second agent on the same machine (process ${pid}) uses this node's credential and was refused`
    : `A second machine (${hostName}${at}) uses this node's credential and was refused: its data folder is a copy`
}
