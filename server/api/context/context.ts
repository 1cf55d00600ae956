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

/** What every procedure works with, whoever calls; made once per process (server/wiring.ts). */
export interface Services {
  store: Store
  changes: ChangeStream
  /** The same for pages: numbered, and with the heartbeats gathered. */
  live: LiveLog
  log: Logger
  clock: Clock
  signInLimit: SignInLimit
  signInLog: SignInLog
  refusalLog: RefusalLog
  /** Passwords are checked and hashed in it. */
  passwordQueue: FairQueue
  /** Ends streams whose session or API token ends. */
  access: AccessWatch
  intake: Intake
  /** The fleet as previews see it. */
  fleet: LiveFleet
  inbox: AgentInbox
  /** 32 bytes or more: signs sessions and access tokens. */
  authSecret: string
  /** Scheme and host of this installation when they are set (FOGDECK_PUBLIC_URL). */
  publicUrl: string | null
  /** Addresses to which notifications may go although they are refused by default. */
  webhookAddresses: AddressList
  /** Aborts when the process stops: streams end with it. */
  stopping: AbortSignal
}

/** One call. Can be built without a request, so that tests call the router directly. */
export interface Context {
  services: Services
  /** The signed-in person, or null. */
  actor: Actor | null
  /** Why there is no actor although credentials were sent. */
  refusal: string | null
  /** What an agent sent as its bearer. */
  agentCredential: string | null
  /** The name that the agent's process made for itself at its start. */
  agentInstance: string | null
  /** What an agent that wants to join sent for that. */
  joinToken: string | null
  idempotencyKey: string | null
  address: string | null
  /** The address by which the caller reached us, for commands to copy: http://fog.example:3000 */
  origin: string
  resHeaders: Headers
}
