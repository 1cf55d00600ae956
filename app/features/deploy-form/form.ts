/** The fields of the deploy form, as typed. */

import type { ConstraintRow } from '@/app/features/deploy-form/form-fields'
import { emptyPolicy, type PolicyForm } from '@/app/features/deploy-form/policy-form'
import type { PlacementRuleRows } from '@/app/features/deploy-form/preference-form'
import { type DeploymentType, limits, priorities } from '@/core/placement/resources'
import { defaultLostAfterSeconds } from '@/core/settings/settings'

export interface DeployForm extends PlacementRuleRows {
  name: string
  type: DeploymentType
  image: string
  replicas: string
  cpu: string
  memory: string
  gpu: string
  storage: string
  region: string
  maxPerNode: string
  constraints: ConstraintRow[]
  policy: PolicyForm
  waitForCapacity: boolean
  lostAfter: string
  priority: string
  ports: { container: string; host: string }[]
  env: { name: string; value: string }[]
}
export const emptyForm: DeployForm = {
  name: '',
  type: 'compute',
  image: '',
  replicas: '1',
  cpu: '1',
  memory: '512',
  gpu: String(limits.gpu.default),
  storage: String(limits.storage.default),
  region: '',
  maxPerNode: '1',
  constraints: [],
  policy: emptyPolicy,
  preferences: [],
  spread: [],
  affinity: [],
  waitForCapacity: false,
  lostAfter: String(defaultLostAfterSeconds),
  priority: String(priorities.default),
  ports: [],
  env: [],
}
