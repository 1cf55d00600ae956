import { handleAuditCsv } from '@/server/api/audit-csv'
import { getServices } from '@/server/wiring'

export const GET = (request: Request) => handleAuditCsv(getServices(), request)
