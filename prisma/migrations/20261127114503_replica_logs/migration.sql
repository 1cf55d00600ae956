-- CreateTable
CREATE TABLE "replica_logs" (
    "replica_id" UUID NOT NULL,
    "node_id" UUID NOT NULL,
    "wanted_until" TIMESTAMPTZ(3),
    "state" TEXT,
    "words" TEXT NOT NULL DEFAULT '',
    "seq" INTEGER NOT NULL DEFAULT 0,
    "length" INTEGER NOT NULL DEFAULT 0,
    "last_at" TEXT,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "replica_logs_pkey" PRIMARY KEY ("replica_id")
);

-- CreateTable
CREATE TABLE "replica_log_chunks" (
    "replica_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "gap" BOOLEAN NOT NULL,
    "length" INTEGER NOT NULL,
    "sealed" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "replica_log_chunks_pkey" PRIMARY KEY ("replica_id","seq")
);

-- CreateIndex
CREATE INDEX "replica_logs_updated_at_idx" ON "replica_logs"("updated_at");

-- What nodes are told to send, again and again while somebody reads.
CREATE INDEX "replica_logs_wanted_idx" ON "replica_logs" ("node_id") WHERE "wanted_until" IS NOT NULL;
