import { handleMetrics } from '@/server/api/http/metrics'
import { getServices } from '@/server/wiring'

export const dynamic = 'force-dynamic'

export const GET = (request: Request) => handleMetrics(getServices(), request)
