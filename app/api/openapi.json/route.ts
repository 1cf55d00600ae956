import { openApiDocument } from '@/server/api/openapi'
import { originOf } from '@/server/api/request-context'
import { getServices } from '@/server/wiring'

export const dynamic = 'force-dynamic'

export const GET = (request: Request) => Response.json(openApiDocument(originOf(getServices(), request)))
