import type { Metadata } from 'next'
import { Forbidden } from '../../../shell/forbidden'
import { type SearchParams, signedInWith } from '../../../shell/signed-in'
import { AuditPage } from './audit-page'

export const metadata: Metadata = { title: 'Audit log' }

export default async function Page({ searchParams }: { searchParams: SearchParams }) {
  if (!(await signedInWith('audit.read', '/admin/audit', searchParams))) return <Forbidden permission="audit.read" />
  return <AuditPage />
}
