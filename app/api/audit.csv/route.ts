import { handleAuditCsv } from '@/server/api/accounts/audit-csv'
import { getServices } from '@/server/wiring'

export const GET = (request: Request) => handleAuditCsv(getServices(), request)
