import type { StatusColor } from '@/app/ui/status/status'
import type { IconName } from '@/app/ui/status/status-icon'
import type { MarkKind } from '@/core/insight/history'

interface MarkStyle {
  label: string
  icon: IconName
  color: StatusColor
}

/** Most severe first: the first kind present represents merged markers. */
export const markStyles: Record<MarkKind, MarkStyle> = {
  failed: { label: 'Failed', icon: 'failed', color: 'failed' },
  unhealthy: { label: 'Unhealthy', icon: 'failed', color: 'degraded' },
  interrupted: { label: 'Interrupted', icon: 'partial', color: 'degraded' },
  offline: { label: 'Went offline', icon: 'unknown', color: 'unknown' },
  returned: { label: 'Returned', icon: 'ready', color: 'healthy' },
  deploy: { label: 'Deployed', icon: 'assigned', color: 'progressing' },
  person: { label: 'By a user', icon: 'wrench', color: 'slate' },
}
