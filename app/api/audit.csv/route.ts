import { handleAuditCsv } from '@/server/api/http/audit-csv'
import { getServices } from '@/server/wiring'

export const GET = (request: Request) => handleAuditCsv(getServices(), request)
