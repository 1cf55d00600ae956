import type { Tone } from '@/app/ui/status/status'
import type { GlyphName } from '@/app/ui/status/status-icon'
import type { MarkKind } from '@/core/insight/history'

interface MarkLook {
  label: string
  glyph: GlyphName
  tone: Tone
}

/** The gravest first: of several at one place it is the one that is seen. */
export const markLooks: Record<MarkKind, MarkLook> = {
  failed: { label: 'Failed', glyph: 'failed', tone: 'failed' },
  unhealthy: { label: 'Unhealthy', glyph: 'failed', tone: 'degraded' },
  interrupted: { label: 'Interrupted', glyph: 'partial', tone: 'degraded' },
  silent: { label: 'Fell silent', glyph: 'unknown', tone: 'unknown' },
  returned: { label: 'Returned', glyph: 'ready', tone: 'healthy' },
  deploy: { label: 'Deployed', glyph: 'assigned', tone: 'progressing' },
  person: { label: 'By a person', glyph: 'wrench', tone: 'slate' },
}
