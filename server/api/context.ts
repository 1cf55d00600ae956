import type { AddressList } from '../addresses'
import type { Clock } from '../clock'
import type { FairQueue } from '../fair-queue'
import type { Logger } from '../log'
import type { Acceptor } from '../store/accept'
import type { AgentInbox } from '../store/agent-inbox'
import type { ChangeFeed } from '../store/changes'
import type { Store } from '../store/context'
import type { Actor } from '../store/deployments'
import type { SignInLimit } from '../store/sign-in-limit'
import type { AccessWatch } from './access-watch'
import type { LiveFleet } from './live-fleet'
import type { LiveLog } from './live-log'
import type { RefusalLog } from './refusal-log'
import type { SignInLog } from './sign-in-log'

/** What every procedure works with, whoever calls; made once per process (server/wiring.ts). */
export interface Services {
  store: Store
  changes: ChangeFeed
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
  acceptor: Acceptor
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
