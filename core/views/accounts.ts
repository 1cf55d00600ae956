import type { Role } from '@/core/accounts/roles'
import type { NodeStatus } from '@/core/placement/node-status'

export interface UserView {
  id: string
  username: string
  role: Role
  disabled: boolean
  lastLoginAt: string | null
  createdAt: string
  isSelf: boolean
}

export interface ApiTokenView {
  id: string
  name: string
  owner: string
  /** The upper limit of its permissions. */
  scope: Role
  /** Its effective role: the lesser of its scope and its owner's present role. */
  role: Role
  createdAt: string
  /** null: never */
  expiresAt: string | null
  /** To the minute. */
  lastUsedAt: string | null
  state: 'usable' | 'expired' | 'revoked' | 'owner disabled'
}

export interface JoinTokenView {
  id: string
  name: string
  /** Maximum number of nodes that can join with it; null means no limit. */
  maxNodes: number | null
  joinedNodes: number
  createdBy: string
  createdAt: string
  expiresAt: string
  lastUsedAt: string | null
  state: 'usable' | 'used up' | 'expired' | 'revoked'
  /** Nodes that joined with it: the first 20 by name. */
  nodes: { id: string; nodeId: string; status: NodeStatus }[]
}
