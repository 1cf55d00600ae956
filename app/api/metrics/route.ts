import { renderMetrics } from '@/server/api/metrics'
import { getServices } from '@/server/wiring'

export const dynamic = 'force-dynamic'

export async function GET() {
  const { body, contentType } = await renderMetrics(getServices())
  return new Response(body, { headers: { 'content-type': contentType } })
}
