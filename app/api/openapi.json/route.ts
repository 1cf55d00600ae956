import { openApiDocument } from '@/server/api/http/openapi'
import { originOf } from '@/server/api/http/request-context'
import { getServices } from '@/server/wiring'

export const dynamic = 'force-dynamic'

export const GET = (request: Request) => Response.json(openApiDocument(originOf(getServices(), request)))
