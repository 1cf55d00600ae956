-- CreateTable
CREATE TABLE "host_port_reservations" (
    "node_id" UUID NOT NULL,
    "host_port" INTEGER NOT NULL,
    "replica_id" UUID NOT NULL,

    CONSTRAINT "host_port_reservations_pkey" PRIMARY KEY ("node_id","host_port")
);

-- CreateTable
CREATE TABLE "host_port_conflicts" (
    "node_id" UUID NOT NULL,
    "host_port" INTEGER NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "message" TEXT NOT NULL,

    CONSTRAINT "host_port_conflicts_pkey" PRIMARY KEY ("node_id","host_port")
);

-- CreateIndex
CREATE INDEX "host_port_reservations_replica_id_idx" ON "host_port_reservations"("replica_id");

-- CreateIndex
CREATE INDEX "host_port_conflicts_seen_at_idx" ON "host_port_conflicts"("seen_at");

-- AddForeignKey
ALTER TABLE "host_port_reservations" ADD CONSTRAINT "host_port_reservations_node_id_fkey" FOREIGN KEY ("node_id") REFERENCES "nodes"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "host_port_reservations" ADD CONSTRAINT "host_port_reservations_replica_id_fkey" FOREIGN KEY ("replica_id") REFERENCES "deployment_replicas"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "host_port_conflicts" ADD CONSTRAINT "host_port_conflicts_node_id_fkey" FOREIGN KEY ("node_id") REFERENCES "nodes"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Below this line: what prisma/schema.prisma cannot express, written by hand.

ALTER TABLE "host_port_reservations" ADD CONSTRAINT "host_port_reservations_port_check" CHECK ("host_port" BETWEEN 1 AND 65535);

-- What runs already holds its ports. Of two that were placed on one node in spite of the same port, one can run.
INSERT INTO "host_port_reservations" ("node_id", "host_port", "replica_id")
SELECT DISTINCT ON (r."node_id", (p->>'host')::int) r."node_id", (p->>'host')::int, r."id"
FROM "deployment_replicas" r
JOIN "deployments" d ON d."id" = r."deployment_id"
LEFT JOIN "deployment_revisions" v ON v."deployment_id" = d."id" AND v."revision" = r."revision" AND r."revision" <> d."revision"
CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN v."revision" IS NULL THEN d."ports" ELSE v."spec"->'ports' END) p
WHERE r."reserved" AND (p->>'host')::int BETWEEN 1 AND 65535
ORDER BY r."node_id", (p->>'host')::int, (r."status" = 'running') DESC, r."created_at";
