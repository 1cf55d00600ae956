import type { LiveFleet } from '@/server/api/stream/live-fleet'
import type { LiveLog } from '@/server/api/stream/live-log'
import type { Store } from '@/server/db/client'
import type { ChangeStream } from '@/server/db/notify'
import type { AddressList } from '@/server/lib/addresses'
import type { Clock } from '@/server/lib/clock'
import type { FairQueue } from '@/server/lib/fair-queue'
import type { Logger } from '@/server/lib/log'
import type { SignInLimit } from '@/server/store/accounts/sign-in-limit'
import type { AgentInbox } from '@/server/store/agents/inbox'
import type { Intake } from '@/server/store/deployments/intake'
import type { Actor } from '@/server/store/records/audit'
import type { AccessWatch } from './access-watch'
import type { RefusalLog } from './refusal-log'
import type { SignInLog } from './sign-in-log'

/** Shared dependencies of all procedures; created once per process (server/wiring.ts). */
export interface Services {
  store: Store
  changes: ChangeStream
  /** The changes for pages: numbered, and with heartbeats batched. */
  live: LiveLog
  log: Logger
  clock: Clock
  signInLimit: SignInLimit
  signInLog: SignInLog
  refusalLog: RefusalLog
  /** Queues the checking and hashing of passwords. */
  passwordQueue: FairQueue
  /** Ends streams whose session or API token ends. */
  access: AccessWatch
  intake: Intake
  /** The fleet for previews. */
  fleet: LiveFleet
  inbox: AgentInbox
  /** Signs sessions and access tokens; 32 bytes or more. */
  authSecret: string
  /** Scheme and host of this installation from FOGDECK_PUBLIC_URL; null when not set. */
  publicUrl: string | null
  /** Addresses that notifications may use although they are refused by default. */
  webhookAddresses: AddressList
  /** Aborts when the process stops; streams end then. */
  stopping: AbortSignal
}

/** The context of one call. It can be built without a request, so that tests call the router directly. */
export interface Context {
  services: Services
  /** The signed-in person, or null. */
  actor: Actor | null
  /** Why there is no actor although credentials were sent. */
  refusal: string | null
  /** The bearer token of an agent. */
  agentCredential: string | null
  /** The id that the agent's process generated at its start. */
  agentInstance: string | null
  /** The join token of an agent. */
  joinToken: string | null
  idempotencyKey: string | null
  address: string | null
  /** The address that the caller used, for commands to copy: http://fog.example:3000 */
  origin: string
  resHeaders: Headers
}
