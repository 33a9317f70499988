# Helper of the commands in bin/: finds Java and Maven, builds what is missing or older than its sources, starts a main class.
# Use: . "$(dirname "$0")/lib/run.sh"; run_java <main class> "$@"

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
BUILT="$ROOT/job/cli/target/built"

fail() {
  echo "$(basename "$0"): $*" >&2
  exit 2
}

find_java() {
  if [ -n "${JAVA_HOME:-}" ] && [ -x "$JAVA_HOME/bin/java" ]; then
    JAVA="$JAVA_HOME/bin/java"
  else
    JAVA="$(command -v java)" || fail "no java found. Install a JDK 17 and set JAVA_HOME to it"
  fi
  local version
  version="$("$JAVA" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -1)"
  [ "$version" = 17 ] || fail "JDK 17 is needed, $JAVA is version ${version:-unknown}. Set JAVA_HOME to a JDK 17"
}

# CLUSTER_JAR=yes also wants the jar for a Flink cluster.
is_stale() {
  if [ "${CLUSTER_JAR:-}" = yes ] && ! ls "$ROOT"/job/stream/target/job-stream-*-cluster.jar > /dev/null 2>&1; then
    return 0
  fi
  [ ! -f "$BUILT" ] || [ -n "$(find "$ROOT/pom.xml" "$ROOT/storage-core" "$ROOT/connectors" "$ROOT/job" \
    -path '*/target' -prune -o -path '*/src/test' -prune -o -type f -newer "$BUILT" -print -quit)" ]
}

build_if_stale() {
  is_stale || return 0
  command -v mvn > /dev/null || fail "no mvn found. Install Maven 3.8 or newer"
  mkdir -p "$ROOT/job/cli/target"
  local log="$ROOT/job/cli/target/build.log" started=$SECONDS
  echo "building with Maven; the first time this fetches libraries and takes some minutes (log: job/cli/target/build.log)" >&2
  local jar=package
  if [ "${CLUSTER_JAR:-}" != yes ]; then
    jar=none
    rm -f "$ROOT"/job/stream/target/job-stream-*-cluster.jar
  fi
  (cd "$ROOT" && mvn -B -q -DskipTests "-Dcluster.jar.phase=$jar" -pl job/cli -am package) > "$log" 2>&1 || {
    tail -n 30 "$log" >&2
    fail "the build failed"
  }
  touch "$BUILT"
  echo "built in $((SECONDS - started)) s" >&2
}

# What Flink's own scripts open on Java 17.
OPENS=()
for package in java.lang java.util java.util.concurrent java.net java.io java.nio sun.nio.ch java.text java.time java.lang.reflect \
  java.util.concurrent.atomic java.util.concurrent.locks; do
  OPENS+=("--add-opens=java.base/$package=ALL-UNNAMED")
done

# run_java <main class> <arguments…>; HEAP, LOG_CONFIG and JAVA_OPTS may be set before.
run_java() {
  local main="$1"
  shift
  find_java
  build_if_stale
  # shellcheck disable=SC2086
  QAEXCHANGE_HOME="$ROOT" exec "$JAVA" "-Xmx${HEAP:-1g}" -XX:+UseParallelGC "${OPENS[@]}" \
    "-Dlog4j.configurationFile=${LOG_CONFIG:-$ROOT/flink-conf/log4j2-tool.properties}" ${JAVA_OPTS:-} \
    -cp "$ROOT/job/cli/target/$(basename "$(ls "$ROOT"/job/cli/target/job-cli-*.jar | grep -v -e '-sources' -e '-tests' | head -1)"):$ROOT/job/cli/target/lib/*" "$main" "$@"
}
