# The words of a suite, for those written in sh: . tests/suite.sh, then ok, fail, skip, finish.
# A suite prints a line for each thing tried and ends with "N passed, N failed, N skipped";
# what explains a failure stands in indented lines behind its FAIL line.
# shellcheck shell=sh

passed=0
failed=0
skipped=0

ok() { # NAME
    passed=$((passed + 1))
    printf 'ok %s\n' "$1"
}

fail() { # NAME WHY
    failed=$((failed + 1))
    printf 'FAIL %s: %s\n' "$1" "$2"
}

skip() { # NAME WHY
    skipped=$((skipped + 1))
    printf 'skip %s: %s\n' "$1" "$2"
}

indent() {
    sed 's/^/    /'
}

finish() {
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    [ "$failed" -eq 0 ]
    exit
}

# How many things are tried at a time.
jobs() {
    echo "${JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)}"
}

# The tool under test and the folder of built things, as absolute paths.
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd) || exit 1
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$root/$BUILD ;; esac
FLOWRULES=${FLOWRULES:-$BUILD/flowrules}
# The same folder for make, which has no names with blanks: from here, where it is below.
# shellcheck disable=SC2034
made=${BUILD#"$root"/}
# Which part of a suite that takes long is to be tried: "wants slow", "wants quick".
wants() {
    case ${PART:-quick} in all | "$1") return 0 ;; *) return 1 ;; esac
}
case $FLOWRULES in /*) ;; *) FLOWRULES=$root/$FLOWRULES ;; esac
# The day at which test policies are read.
# shellcheck disable=SC2034
AS_OF=2026-11-23
LC_ALL=C
export LC_ALL

# A folder of its own that is gone afterwards.
scratch_folder() {
    scratch=$(mktemp -d "${TMPDIR:-/tmp}/flowrules-test.XXXXXX") || exit 1
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 1' HUP INT TERM
}

# A crash or a sanitizer's report is a failure whatever was expected: STATUS FILE-OF-STDERR
crashed() {
    [ "$1" -gt 6 ] || grep -Eq 'Sanitizer|runtime error:' "$2"
}
