import type { Metadata } from 'next'
import { AuditPage } from '@/app/features/audit/audit-page'
import { Forbidden } from '@/app/features/session/forbidden'
import { type SearchParams, signedInWith } from '@/app/features/session/signed-in'

export const metadata: Metadata = { title: 'Audit log' }

export default async function Page({ searchParams }: { searchParams: SearchParams }) {
  if (!(await signedInWith('audit.read', '/admin/audit', searchParams))) return <Forbidden permission="audit.read" />
  return <AuditPage />
}
