import type { Role } from '@/core/accounts/roles'

export interface Account {
  id: string
  username: string
  role: Role
  disabled: boolean
  sessionEpoch: number
}
