# Helper of the commands in bin/: finds Java and Maven, builds what is missing or made from other sources, starts a main class.
# Use: . "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/lib/run.sh"; run_java <main class> "$@"
#
# What is built stands in target/run/<version>/, whole or not at all: it is made beside and renamed. <version> is a checksum over the
# sources, so neither an interrupted build nor an old one counts as made, and a command that runs keeps its jars while another one builds.

# The place of this file with all links resolved; no cd, which CDPATH would lead astray, and which $(…) would cut line ends from.
ROOT="$(readlink -f -- "${BASH_SOURCE[0]}" && echo .)"
ROOT="${ROOT%$'\n.'}"
ROOT="${ROOT%/bin/lib/run.sh}"
unset CDPATH
NAME="$(basename -- "$0")"
RUN="$ROOT/target/run"

fail() {
  printf '%s: %s\n' "$NAME" "$*" >&2
  exit 2
}

# An output that nobody opened would take its number, 1, to the first file that Java opens.
{ :; } 2> /dev/null 3>&1 || fail "standard output is closed"
# Java splits class paths there, and Maven's compiler with them.
case "$ROOT" in *:*) fail "the path of this checkout has a colon, at which Java splits class paths: move it. It is $ROOT" ;; esac

# Without a locale that has UTF-8 (cron, LC_ALL=C) Java could neither read its arguments nor open files with such names. Taking C.UTF-8
# wherever there is one also keeps the system's own messages, which Java passes on, in one language.
use_utf8() {
  local candidate
  command -v locale > /dev/null || return 0
  for candidate in C.UTF-8 C.utf8 en_US.UTF-8 en_US.utf8; do
    if [ "$(LC_ALL=$candidate locale charmap 2> /dev/null || true)" = UTF-8 ]; then
      export LC_ALL="$candidate"
      return 0
    fi
  done
}

find_java() {
  if [ -n "${JAVA_HOME:-}" ] && [ -x "$JAVA_HOME/bin/java" ]; then
    JAVA="$JAVA_HOME/bin/java"
  else
    JAVA="$(command -v java)" || fail "no java found. Install a JDK, 17 to 25, and set JAVA_HOME to it"
  fi
  # A JDK says its version in a file, which is read sooner than Java starts.
  local release
  release="$(readlink -f -- "$JAVA" && echo .)"
  release="${release%$'\n.'}"
  release="${release%/bin/java}/release"
  JAVA_VERSION=""
  [ ! -f "$release" ] || JAVA_VERSION="$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$release")"
  [ -n "$JAVA_VERSION" ] || JAVA_VERSION="$("$JAVA" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -1)"
  [ "${JAVA_VERSION:-0}" -ge 17 ] && [ "$JAVA_VERSION" -le 25 ] \
    || fail "a JDK from 17 to 25 is needed, $JAVA is version ${JAVA_VERSION:-unknown}. Set JAVA_HOME to another one"
}

checksum() {
  if command -v sha256sum > /dev/null; then sha256sum; elif command -v shasum > /dev/null; then shasum -a 256; else cksum; fi
}

# An unpacked distribution has no sources; what is built stands beside bin.
is_distribution() {
  [ -f "$ROOT/revision" ] && [ ! -f "$ROOT/pom.xml" ]
}

# A checksum over names and contents of all that is built.
version_of_sources() {
  local sum
  sum="$(cd -- "$ROOT" && find pom.xml storage-core connectors job -path '*/target' -prune -o -path '*/src/test' -prune -o -type f -print0 \
    | LC_ALL=C sort -z | xargs -0 cat -- /dev/null | checksum | cut -c 1-16)
$(cd -- "$ROOT" && find pom.xml storage-core connectors job -path '*/target' -prune -o -path '*/src/test' -prune -o -type f -print \
    | LC_ALL=C sort | checksum | cut -c 1-16)"
  printf '%s' "$sum" | checksum | cut -c 1-16
}

# CLUSTER_JAR=yes also wants the jar for a Flink cluster, which must have the length that it had when it was made.
is_built() {
  [ -f "$RUN/$VERSION/revision" ] || return 1
  [ "${CLUSTER_JAR:-}" != yes ] || has_length "$RUN/$VERSION/cluster.jar" "$RUN/$VERSION/cluster.jar.length"
}

has_length() {
  [ -f "$1" ] && [ -f "$2" ] && [ "$(wc -c < "$1" | tr -d ' ')" = "$(cat -- "$2")" ]
}

# The jar that Maven made for a cluster.
cluster_jar() {
  local jar
  for jar in "$ROOT"/job/stream/target/job-stream-*-cluster.jar; do
    [ ! -f "$jar" ] || { printf '%s' "$jar" && return 0; }
  done
}

revision() {
  local revision dirty=""
  revision="$(git -C "$ROOT" rev-parse --short=12 HEAD 2> /dev/null)" || revision="unknown"
  [ "$revision" = unknown ] || [ -z "$(git -C "$ROOT" status --porcelain -- pom.xml storage-core connectors job 2> /dev/null)" ] || dirty=" with changes"
  printf '%s%s' "$revision" "$dirty"
}

# Copies what Maven packaged to its place. Jars of other projects never change and are linked.
keep_build() {
  local kept="$RUN/$VERSION" new="$RUN/.new.$$" jar
  rm -rf -- "$RUN"/.new.*
  if [ ! -f "$kept/revision" ]; then
    mkdir -p -- "$new/lib"
    for jar in "$ROOT"/job/cli/target/lib/*.jar "$ROOT"/job/cli/target/job-cli-*.jar; do
      case "$jar" in
        *-sources.jar | *-tests.jar) ;;
        *-SNAPSHOT.jar) cp -- "$jar" "$new/lib/" ;;
        *) ln -- "$jar" "$new/lib/" 2> /dev/null || cp -- "$jar" "$new/lib/" ;;
      esac
    done
    revision > "$new/revision"
    rm -rf -- "$kept"
    mv -- "$new" "$kept"
    remove_old_builds
  fi
  if [ "${CLUSTER_JAR:-}" = yes ]; then
    jar="$(cluster_jar)"
    [ -n "$jar" ] || fail "the build made no jar for a cluster"
    cp -- "$jar" "$kept/.cluster.jar"
    wc -c < "$kept/.cluster.jar" | tr -d ' ' > "$kept/cluster.jar.length"
    mv -- "$kept/.cluster.jar" "$kept/cluster.jar"
  fi
}

# The three newest stay: commands that run may still load classes from theirs.
remove_old_builds() {
  local build kept=0
  while IFS= read -r build; do
    case "$build" in
      *[!0-9a-f]*) ;;
      *) kept=$((kept + 1)); [ "$kept" -le 3 ] || rm -rf -- "${RUN:?}/$build" ;;
    esac
  done < <(cd -- "$RUN" && LC_ALL=C command ls -1t)
}

build() {
  command -v mvn > /dev/null || fail "no mvn found. Install Maven 3.8 or newer"
  local log="$RUN/build.log" started=$SECONDS jar=none
  [ "${CLUSTER_JAR:-}" != yes ] || jar=package
  echo "building with Maven; the first time this fetches libraries and takes some minutes (log: target/run/build.log)" >&2
  # No jar of an interrupted build may be taken for a whole one.
  rm -f -- "$ROOT"/job/stream/target/job-stream-*-cluster.jar
  (cd -- "$ROOT" && MAVEN_OPTS="${MAVEN_OPTS:-}" mvn -B -q -DskipTests "-Dcluster.jar.phase=$jar" -pl job/cli -am package) > "$log" 2>&1 || {
    tail -n 30 -- "$log" >&2
    fail "the build failed"
  }
  # Sources that were changed while Maven read them are of neither version.
  local before="$VERSION"
  VERSION="$(version_of_sources)"
  [ "$VERSION" = "$before" ] || fail "sources were changed during the build; run the command again"
  keep_build
  echo "built in $((SECONDS - started)) s" >&2
}

# Only one command builds at a time; the others wait and find what it made.
build_if_needed() {
  if is_distribution; then
    BUILD="$ROOT"
    return 0
  fi
  build_if_stale
  BUILD="$RUN/$VERSION"
}

build_if_stale() {
  VERSION="$(version_of_sources)"
  ! is_built || return 0
  mkdir -p -- "$RUN"
  if command -v flock > /dev/null; then
    exec 9> "$RUN/.lock"
    flock -n 9 || { echo "another command builds; waiting for it" >&2; flock 9; }
    is_built || build
    exec 9>&-
  else
    build
  fi
}

# For tests, right after Maven packaged everything: what it made counts as built from the sources as they are. Tests of one run share it.
keep_packaged() {
  local packaged
  VERSION="$(version_of_sources)"
  mkdir -p -- "$RUN"
  CLUSTER_JAR=yes
  exec 9> "$RUN/.lock"
  flock 9
  packaged="$(cat -- "$ROOT"/job/cli/target/job-cli-*.jar "$ROOT"/job/cli/target/lib/*-SNAPSHOT.jar | cksum)"
  if [ "$(cat -- "$RUN/$VERSION/packaged" 2> /dev/null)" != "$packaged" ]; then
    rm -rf -- "${RUN:?}/$VERSION"
    keep_build
    printf '%s\n' "$packaged" > "$RUN/$VERSION/packaged"
  fi
  exec 9>&-
}

# Packs what was built, for machines without Maven: distribute <folder>. Writes qaexchange-storage-<version>.tar.gz and its SHA-256 there. The
# same build gives the same bytes.
distribute() {
  local out="$1" version name stage file
  version="$(sed -n 's:.*<version>\(.*\)</version>.*:\1:p' "$ROOT/pom.xml" | head -1)"
  name="qaexchange-storage-$version"
  stage="$RUN/.stage.$$"
  rm -rf -- "$RUN"/.stage.*
  mkdir -p -- "$stage/$name/state-backend" "$stage/$name/engine" "$out"
  cp -R -- "$ROOT/bin" "$ROOT/flink-conf" "$ROOT/docs" "$ROOT/README.md" "$RUN/$VERSION/lib" "$RUN/$VERSION/cluster.jar" \
    "$RUN/$VERSION/revision" "$stage/$name/"
  # They need the sources.
  rm -f -- "$stage/$name/bin/bench" "$stage/$name/bin/dist"
  for file in "$ROOT"/connectors/state/target/flink-statebackend-lsm-*.jar*; do
    [ ! -f "$file" ] || cp -- "$file" "$stage/$name/state-backend/"
  done
  for file in "$ROOT"/storage-core/target/storage-core-*.jar; do
    case "$file" in *-tests.jar) ;; *) cp -- "$file" "$stage/$name/engine/" ;; esac
  done
  for file in "$ROOT/target/sbom.json" "$ROOT/target/LICENCES.txt"; do
    [ ! -f "$file" ] || cp -- "$file" "$stage/$name/"
  done
  tar -C "$stage" --sort=name --mtime='2026-01-01 00:00:00Z' --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w -cf "$stage/packed" -- "$name"
  # Jars are packed already.
  gzip -n -1 < "$stage/packed" > "$out/.$name.tar.gz"
  mv -- "$out/.$name.tar.gz" "$out/$name.tar.gz"
  (cd -- "$out" && checksum < "$name.tar.gz" | cut -d ' ' -f 1 | sed "s/\$/  $name.tar.gz/" > "$name.tar.gz.sha256")
  rm -rf -- "$stage"
  DISTRIBUTION="$out/$name.tar.gz"
}

# What Flink's own scripts open on Java 17.
OPENS=()
for package in java.lang java.util java.util.concurrent java.net java.io java.nio sun.nio.ch java.text java.time java.lang.reflect \
  java.util.concurrent.atomic java.util.concurrent.locks; do
  OPENS+=("--add-opens=java.base/$package=ALL-UNNAMED")
done

# What newer JDKs warn of otherwise: libraries that load native code, and Arrow's and Netty's use of Unsafe.
NEWER=()
add_options_of_newer_jdks() {
  # From 22 on System.console() is there without a terminal too, unless it is asked to be as before.
  [ "$JAVA_VERSION" -lt 22 ] || NEWER+=("--enable-native-access=ALL-UNNAMED" "-Djdk.console=java.base")
  [ "$JAVA_VERSION" -lt 23 ] || NEWER+=("--sun-misc-unsafe-memory-access=allow")
}

# A folder for all temporary files of the command, which removes it at its end; what a killed one left, the next one removes.
# The lock that Java takes stands in it, and its name has the number of the process, which exec keeps.
make_temporary_folder() {
  local option parent="${TMPDIR:-/tmp}"
  for option in ${JAVA_OPTS:-}; do
    case "$option" in -Djava.io.tmpdir=*) parent="${option#-Djava.io.tmpdir=}" ;; esac
  done
  TEMPORARY="$(umask 077 && mktemp -d "$parent/qaexchange-$$-XXXXXX")" || fail "no temporary files can be written in $parent; TMPDIR names another folder"
  : > "$TEMPORARY/.lock"
}

# run_java <main class> <arguments…>; HEAP, LOG_CONFIG and JAVA_OPTS may be set before. QAEXCHANGE_CLASSPATH names jars that a user adds, such as a JDBC driver.
run_java() {
  local main="$1"
  shift
  use_utf8
  find_java
  add_options_of_newer_jdks
  build_if_needed
  case "${QAEXCHANGE_LOG:-text}" in
    text) ;;
    json) LOG_CONFIG="${LOG_CONFIG:-$ROOT/flink-conf/log4j2-tool.properties}" && LOG_CONFIG="${LOG_CONFIG%.properties}-json.properties" ;;
    *) fail "QAEXCHANGE_LOG=$QAEXCHANGE_LOG is neither text nor json" ;;
  esac
  make_temporary_folder
  # The jar with the main class first: Java opens no other before it wants a class of another.
  local jar first=""
  for jar in "$BUILD"/lib/job-cli-*.jar; do
    [ ! -f "$jar" ] || first="$jar:"
  done
  # shellcheck disable=SC2086
  QAEXCHANGE_HOME="$ROOT" QAEXCHANGE_BUILD="$BUILD" QAEXCHANGE_REVISION="$(cat -- "$BUILD/revision")" \
    exec "$JAVA" "-Xmx${HEAP:-1g}" -XX:+UseParallelGC -Dfile.encoding=UTF-8 "${OPENS[@]}" ${NEWER[@]+"${NEWER[@]}"} \
    "-Dlog4j.configurationFile=$(file_uri "${LOG_CONFIG:-$ROOT/flink-conf/log4j2-tool.properties}")" ${JAVA_OPTS:-} \
    "-Djava.io.tmpdir=$TEMPORARY" "-Dqaexchange.temporary=$TEMPORARY" -cp "$first$BUILD/lib/*${QAEXCHANGE_CLASSPATH:+:$QAEXCHANGE_CLASSPATH}" "$main" "$@"
}

# A path as URI: log4j takes its setting for one, whatever stands in the path.
file_uri() {
  local path="$1" uri="file://" i byte
  local LC_ALL=C
  for ((i = 0; i < ${#path}; i++)); do
    byte="${path:i:1}"
    case "$byte" in
      [a-zA-Z0-9/._~-]) uri+="$byte" ;;
      *) uri+="$(printf '%%%02X' "$(($(printf '%d' "'$byte") & 255))")" ;;
    esac
  done
  printf '%s' "$uri"
}
