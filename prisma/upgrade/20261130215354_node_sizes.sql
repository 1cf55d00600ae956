-- AlterTable
ALTER TABLE "nodes" ADD COLUMN     "reported_cpu_cores" DOUBLE PRECISION,
ADD COLUMN     "reported_gpu" INTEGER,
ADD COLUMN     "reported_memory_mb" INTEGER,
ADD COLUMN     "reported_storage_gb" INTEGER;

-- Below this line: what prisma/schema.prisma cannot express, written by hand.

-- A machine can come back smaller than what is reserved on it. Its capacity is then what is reserved, so that nothing more
-- fits, and shrinks with that down to the size that it reported. It never grows here: a reservation beyond the capacity
-- stays one, and the checks of "nodes" refuse it. CPU is rounded as they do.
CREATE FUNCTION "nodes_shrink"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW."reserved_cpu_millis" > floor(NEW."reported_cpu_cores" * 1000 + 0.5) THEN
    NEW."cpu_cores" := least(NEW."cpu_cores", NEW."reserved_cpu_millis"::float8 / 1000);
  ELSIF NEW."reported_cpu_cores" IS NOT NULL THEN
    NEW."cpu_cores" := least(NEW."cpu_cores", NEW."reported_cpu_cores");
    NEW."reported_cpu_cores" := NULL;
  END IF;
  IF NEW."reserved_memory_mb" > NEW."reported_memory_mb" THEN
    NEW."memory_mb" := least(NEW."memory_mb", NEW."reserved_memory_mb");
  ELSIF NEW."reported_memory_mb" IS NOT NULL THEN
    NEW."memory_mb" := least(NEW."memory_mb", NEW."reported_memory_mb");
    NEW."reported_memory_mb" := NULL;
  END IF;
  IF NEW."reserved_storage_gb" > NEW."reported_storage_gb" THEN
    NEW."storage_gb" := least(NEW."storage_gb", NEW."reserved_storage_gb");
  ELSIF NEW."reported_storage_gb" IS NOT NULL THEN
    NEW."storage_gb" := least(NEW."storage_gb", NEW."reported_storage_gb");
    NEW."reported_storage_gb" := NULL;
  END IF;
  IF NEW."reserved_gpu" > NEW."reported_gpu" THEN
    NEW."gpu_available" := least(NEW."gpu_available", NEW."reserved_gpu");
  ELSIF NEW."reported_gpu" IS NOT NULL THEN
    NEW."gpu_available" := least(NEW."gpu_available", NEW."reported_gpu");
    NEW."reported_gpu" := NULL;
  END IF;
  RETURN NEW;
END
$$;

-- A removed node keeps the size that it had.
CREATE TRIGGER "nodes_shrink"
  BEFORE UPDATE OF "cpu_cores", "memory_mb", "storage_gb", "gpu_available",
    "reserved_cpu_millis", "reserved_memory_mb", "reserved_storage_gb", "reserved_gpu" ON "nodes"
  FOR EACH ROW
  WHEN (NEW."removed_at" IS NULL
    AND num_nonnulls(NEW."reported_cpu_cores", NEW."reported_memory_mb", NEW."reported_storage_gb", NEW."reported_gpu") > 0)
  EXECUTE FUNCTION "nodes_shrink"();
