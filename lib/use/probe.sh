#!/bin/sh
# @HEAD
#
# usage: sh FILE [-q | -v] [-t SECONDS] [FLOW...]
#   FLOW...      only the flows of these names
#   -q           only the flows that are not ok, and the summary
#   -v           every probe, not only those that did not pass
#   -t SECONDS   the most that one probe may take (default 5)
#
# It prints a line for each flow:
#   ok     every probe did what the policy says
#   WARN   it connects, but TLS failed or could not be tried; or a denied one was refused
#   FAIL   no connection where the policy allows one, or a connection where it denies one
#   SKIP   not tried, since this machine lacks what it takes
#   none   not tried, since there is nothing to connect to or no answer to wait for
#
# Exit status:
#   0  all that could be tried is ok         2  wrong usage
#   1  a flow failed                         3  nothing failed, but there are WARN or SKIP
#
# It opens connections and closes them, and asks DNS and NTP servers one question each. It goes
# straight to the destinations, past any proxy; it writes no file and changes nothing. Needed are
#   for TCP        one of python3, perl, bash, socat, nc, curl
#   for TLS        one of openssl, python3, curl
#   for DNS, NTP   od and one of python3, perl, bash, socat, nc; for DNS, dig or nslookup do too
#   for ICMP       ping
# and, where there is none of them, what has to be skipped is told.

# ---- the flows -----------------------------------------------------------------------------

flows() {
    : # @FLOWS
}

# ---- words, and running something for a limited time -------------------------------------------

newline='
'

has() { # PROGRAM
    command -v "$1" >/dev/null 2>&1
}

# Runs a command; after so many seconds it is ended, and the status is 124.
limited() ( # SECONDS COMMAND...
    if [ -n "$has_timeout" ]; then
        timeout "$@"
        exit
    fi
    limit=$1
    shift
    exec 3<&0 # what runs in the background would read /dev/null
    "$@" <&3 3<&- &
    command_pid=$!
    (
        sleep "$limit" &
        trap 'kill $!; exit' TERM
        wait $!
        kill "$command_pid"
    ) >/dev/null 2>&1 3<&- &
    watcher_pid=$!
    wait "$command_pid" 2>/dev/null
    ended=$?
    kill "$watcher_pid" 2>/dev/null
    [ "$ended" -ne 143 ] || ended=124 # 143: ended by the signal TERM
    exit "$ended"
)

# An IPv6 address in brackets, all else as it is.
bracketed() { # HOST
    case $1 in
    *:*) echo "[$1]" ;;
    *) echo "$1" ;;
    esac
}

is_address() { # HOST
    case $1 in
    *:*) true ;;
    *[!0-9.]*) false ;;
    *) true ;;
    esac
}

# ---- TCP: connect_TOOL HOST PORT -----------------------------------------------------------
# Status 0 when a connection was opened; else what the tool says tells why not.

python_connect='
import socket, sys
host, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
problem = None
try:
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for family, kind, protocol, _, address in addresses:
        with socket.socket(family, kind, protocol) as s:
            s.settimeout(max(1, seconds / len(addresses)))
            try:
                s.connect(address)
                sys.exit(0)
            except OSError as e:
                problem = e
except OSError as e:
    problem = e
sys.exit(str(problem))'

connect_python3() {
    limited "$limit_seconds" python3 -I -S -c "$python_connect" "$1" "$2" "$seconds"
}

# shellcheck disable=SC2016 # perl is to expand it
perl_connect='
use IO::Socket::IP;
IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => $ARGV[1], Timeout => $ARGV[2],
    Type => SOCK_STREAM) or die "$@\n";'

connect_perl() {
    limited "$limit_seconds" perl -e "$perl_connect" "$1" "$2" "$seconds"
}

connect_bash() {
    # shellcheck disable=SC2016 # bash is to expand it
    limited "$seconds" bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2"
}

connect_socat() {
    limited "$limit_seconds" socat -u OPEN:/dev/null "TCP:$(bracketed "$1"):$2,connect-timeout=$seconds"
}

# Some ask for the name of an address, unless they are told not to.
numeric() { # HOST
    ! is_address "$1" || echo yes
}

connect_nc() {
    numeric=$(numeric "$1")
    case $nc_kind in
    # It knows no -z: it runs a command as soon as it is connected.
    busybox) limited "$limit_seconds" nc -w "$seconds" "$1" "$2" -e sh -c : ;;
    *) limited "$limit_seconds" nc ${numeric:+-n} -z -v -w "$seconds" "$1" "$2" ;;
    esac
}

# It stays connected until the other end hangs up or the time is over: what counts is whether it
# took any time to connect.
connect_curl() {
    said=$(limited "$limit_seconds" curl -sS --noproxy '*' --max-time "$seconds" \
        -w "$newline%{time_connect}" "telnet://$(bracketed "$1"):$2" 2>&1)
    case $said in
    *"${newline}0.000000") echo "${said%"$newline"*}" >&2 && return 1 ;;
    esac
}

# ---- a question and its answer: exchange_TOOL udp|tcp HOST PORT ------------------------------
# Sends its standard input, and prints the beginning of what comes back.

python_exchange='
import socket, sys
kind = socket.SOCK_DGRAM if sys.argv[1] == "udp" else socket.SOCK_STREAM
host, port, seconds = sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
question, answer, problem = sys.stdin.buffer.read(), b"", None
try:
    addresses = socket.getaddrinfo(host, port, type=kind)
    for family, kind, protocol, _, address in addresses:
        with socket.socket(family, kind, protocol) as s:
            s.settimeout(max(1, seconds / len(addresses)))
            try:
                s.connect(address)
                s.sendall(question)
                while len(answer) < 8:
                    part = s.recv(512)
                    answer += part
                    if not part:
                        break
            except OSError as e:
                problem = e
        if answer:
            break
except OSError as e:
    problem = e
sys.stdout.buffer.write(answer)
if not answer:
    sys.exit(str(problem or "closed without an answer"))'

exchange_python3() {
    limited "$limit_seconds" python3 -I -S -c "$python_exchange" "$1" "$2" "$3" "$seconds"
}

# shellcheck disable=SC2016 # perl is to expand it
perl_exchange='
use IO::Socket::IP;
my ($kind, $host, $port, $seconds) = @ARGV;
binmode STDIN; binmode STDOUT; $| = 1;
my $question = do { local $/; <STDIN> };
my $s = IO::Socket::IP->new(PeerHost => $host, PeerPort => $port, Timeout => $seconds,
    Type => $kind eq "udp" ? SOCK_DGRAM : SOCK_STREAM) or die "$@\n";
$s->blocking(1);
defined syswrite($s, $question) or die "$!\n";
my $answer = "";
while (length $answer < 8) {
    my $got = sysread($s, $answer, 512, length $answer);
    defined $got or die "$!\n";
    last if $got == 0;
}
print $answer;'

exchange_perl() {
    limited "$seconds" perl -e "$perl_exchange" "$1" "$2" "$3" "$seconds"
}

exchange_bash() {
    # It becomes head, so that one process is to be ended when nothing comes.
    # shellcheck disable=SC2016 # bash is to expand it
    limited "$seconds" bash -c 'exec 3<>"/dev/$0/$1/$2" && cat >&3 && exec head -c 8 <&3' "$@"
}

exchange_socat() {
    # -T: it is over once nothing has come for so long. The answer goes on at once.
    case $1 in udp) to=UDP ;; *) to=TCP ;; esac
    limited "$limit_seconds" socat -t "$seconds" -T "$seconds" - \
        "$to:$(bracketed "$2"):$3$([ "$to" = UDP ] || echo ",connect-timeout=$seconds")"
}

exchange_nc() {
    numeric=$(numeric "$2")
    # Some end when their input does: it lasts as long as the answer may take.
    case $1 in
    # Without -v: one of them would send datagrams of its own.
    udp) { cat; sleep "$seconds"; } | limited "$seconds" nc ${numeric:+-n} -u "$2" "$3" ;;
    *) { cat; sleep "$seconds"; } | limited "$seconds" nc ${numeric:+-n} -v "$2" "$3" ;;
    esac
}

# ---- TLS: tls_TOOL HOST PORT -----------------------------------------------------------------
# Prints "verified", "answers" (an address has no name to verify), "untrusted: WHY" or
# "failed: WHY".

tls_openssl() {
    if is_address "$1"; then
        set -- "$1" "$2"
    else
        set -- "$1" "$2" -servername "$1" -verify_hostname "$1"
    fi
    tls_host=$1 tls_port=$2
    shift 2
    said=$(limited "$seconds" openssl s_client -connect "$(bracketed "$tls_host"):$tls_port" \
        "$@" </dev/null 2>&1)
    case $?,$said in
    124,*) echo 'failed: no answer to the handshake' ;;
    *'Cipher is (NONE)'* | *'no peer certificate'*)
        # 40E7...:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:FILE:LINE:
        case $said in
        *'unexpected eof'*) echo 'failed: the other end hung up' ;;
        *'SSL routines:'*)
            why=${said#*'SSL routines:'}
            why=${why#*:}
            echo "failed: ${why%%:*}"
            ;;
        *) echo 'failed: the other end hung up' ;;
        esac
        ;;
    *'Verify return code: 0 (ok)'*) is_address "$tls_host" && echo answers || echo verified ;;
    *'Verify return code: '*)
        why=${said#*'Verify return code: '}
        why=${why#*\(}
        is_address "$tls_host" && echo answers || echo "untrusted: ${why%%\)*}"
        ;;
    *) echo "failed: ${said##*"$newline"}" ;;
    esac
}

python_tls='
import socket, ssl, sys
host, port, seconds, name = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
context = ssl.create_default_context()
if not name:
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
try:
    with socket.create_connection((host, port), seconds) as s:
        with context.wrap_socket(s, server_hostname=name or None):
            print("verified" if name else "answers")
except ssl.SSLCertVerificationError as e:
    print("untrusted:", e.verify_message)
except TimeoutError:
    print("failed: no answer to the handshake")
except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError):
    print("failed: the other end hung up")
except OSError as e:
    print("failed:", getattr(e, "reason", None) or e)'

tls_python3() {
    is_address "$1" && name='' || name=$1
    limited "$limit_seconds" python3 -I -S -c "$python_tls" "$1" "$2" "$seconds" "$name" </dev/null
}

tls_curl() {
    is_address "$1" && trust=-k || trust=''
    said=$(limited "$limit_seconds" curl -sS -I --noproxy '*' --max-time "$seconds" \
        ${trust:+"$trust"} -o /dev/null -w "$newline%{time_appconnect}" \
        "https://$(bracketed "$1"):$2/" 2>&1 </dev/null)
    ended=$?
    took=${said##*"$newline"} # the seconds to the end of the handshake; 0.000000: none
    case $ended,$said in
    60,* | 51,*)
        why=${said#*') '} # curl: (60) WHY
        echo "untrusted: ${why%%"$newline"*}"
        ;;
    28,* | 124,*) echo 'failed: no answer to the handshake' ;;
    35,*SYSCALL* | 35,*reset* | 35,*eof*) echo 'failed: the other end hung up' ;;
    *)
        why=${said#*') '}
        # Whatever HTTP says then does not matter.
        case $took in
        *[1-9]*) [ -n "$trust" ] && echo answers || echo verified ;;
        *) echo "failed: ${why%%"$newline"*}" ;;
        esac
        ;;
    esac
}

# ---- what came of a probe --------------------------------------------------------------------

# What a tool said, in our words: into $why.
explain() { # STATUS TEXT
    case $1,$2 in
    *[Rr]efused*) why='refused: nothing listens there, or a firewall rejects it' ;;
    124,* | 143,* | 28,* | *'timed out'* | *[Tt]imeout* | *TIMEOUT* | *'in progress'* | *'no servers could be'* | \
        *Terminated* | *'onnected to'* | *succeeded*)
        why="no answer within $seconds s: filtered on the way, or the host is down"
        ;;
    *'o address associated'* | *'ame or service not known'* | *'ame resolution'* | *'olve'* | \
        *'bad address'* | *'nknown host'* | *'nvalid hostname'* | *'o such host'*)
        why='the name does not resolve here'
        ;;
    *'etwork is unreachable'* | *'etwork unreachable'* | *'annot assign requested'* | \
        *'ddress family'*)
        why='there is no route to it from here'
        ;;
    *'o route to host'* | *'ost is unreachable'*)
        why='unreachable: the host is down, or a firewall rejects it'
        ;;
    *'not permitted'* | *'ermission denied'*)
        why='not permitted: the firewall of this machine drops it'
        ;;
    *"onnect to server"*) why='refused or unreachable: curl does not say which' ;;
    *'as an IP address'*) why="$tool knows no IPv6 here" ;;
    *,) why="no connection; $tool does not say why" ;;
    *) why=${2##*"$newline"} ;;
    esac
}


record() { # VERDICT DETAIL
    probes=$((probes + 1))
    case $1 in
    ok) passed=$((passed + 1)) ;;
    FAIL) failed=$((failed + 1)) ;;
    WARN) warned=$((warned + 1)) ;;
    SKIP) skipped=$((skipped + 1)) ;;
    esac
    last="$what: $2"
    if [ "$1" != ok ] || [ -n "$verbose" ]; then
        lines="$lines$newline        $1  $last"
    fi
}

# There was a connection or an answer.
got_through() { # DETAIL
    if [ -n "$denied" ]; then
        case $counted in
        flows) record FAIL "$1, and the policy denies it" ;;
        *) record FAIL "$1, and it must never pass" ;;
        esac
    else
        record ok "$1"
    fi
}

# There was none, for the reason in $why.
did_not() {
    case $denied,$why in
    *,*' knows no IPv6 here') record SKIP "$why" ;;
    ,'there is no route'*)
        # Without IPv6 here, nothing is known of the way there.
        case $what in *'['*) record SKIP "$why" ;; *) record FAIL "$why" ;; esac
        ;;
    ,*) record FAIL "$why" ;;
    *,refused*) record WARN 'refused: by a firewall that rejects it, or by the host itself' ;;
    *,'the name'*) record SKIP "$why" ;;
    *) record ok "denied: $why" ;;
    esac
}

lacks() { # WHAT-IT-TAKES
    record SKIP "it takes $1"
    case $lacking in
    *"$1"*) ;;
    *) lacking="${lacking:+$lacking; }$1" ;;
    esac
}

# ---- the probes that flows() calls -----------------------------------------------------------

connects() { # HOST PORT
    tool=$tcp_tool
    said=$("connect_$tcp_tool" "$1" "$2" 2>&1 >/dev/null </dev/null)
    ended=$?
    [ "$ended" -eq 0 ] || explain "$ended" "$said"
    return "$ended"
}

try_tcp() { # HOST PORT
    [ -n "$selected" ] || return 0
    what="tcp $(bracketed "$1"):$2"
    if [ -z "$tcp_tool" ]; then
        lacks "$tcp_tools"
    elif connects "$1" "$2"; then
        got_through connected
    else
        did_not
    fi
}

try_tls() { # HOST PORT
    [ -n "$selected" ] || return 0
    what="tls $(bracketed "$1"):$2"
    if [ -z "$tcp_tool" ]; then
        lacks "$tcp_tools"
    elif ! connects "$1" "$2"; then
        did_not
    elif [ -n "$denied" ]; then
        got_through connected
    elif [ -z "$tls_tool" ]; then
        record WARN "connected, but TLS was not tried: it takes $tls_tools"
    else
        said=$("tls_$tls_tool" "$1" "$2")
        case $said in
        verified) record ok 'connected, TLS verified' ;;
        answers) record ok 'connected, TLS answers' ;;
        '') record WARN 'connected, but TLS failed: no answer to the handshake' ;;
        untrusted*) record WARN "connected, but the certificate is not trusted: ${said#*: }" ;;
        *) record WARN "connected, but TLS failed: ${said#*: }" ;;
        esac
    fi
}

# Who are the root's name servers? Any answer will do, a refusal too (RFC 1035, 4.1; over TCP the
# length comes first, 4.2.2). The transaction is called "fr", 66 72.
dns_question() { # udp|tcp
    [ "$1" = udp ] || printf '\000\021'
    printf 'fr\001\000\000\001\000\000\000\000\000\000\000\000\002\000\001'
}

dns_answer() { # udp|tcp HOST PORT: what came back, in hexadecimal, or what the tool said
    { dns_question "$1" | "exchange_$udp_tool" "$@" | od -An -v -tx1 -N 8; } 2>&1
}

dig_answer() { # udp|tcp HOST PORT
    case $1 in udp) over=+notcp ;; *) over=+tcp ;; esac
    limited "$limit_seconds" dig "@$2" -p "$3" "$over" +time="$seconds" +tries=1 . NS 2>&1
}

try_dns() { # udp|tcp HOST PORT
    [ -n "$selected" ] || return 0
    what="dns $1 $(bracketed "$2"):$3"
    tool=$udp_tool
    if [ -n "$udp_tool" ]; then
        said=$(dns_answer "$@")
    elif has dig; then
        said=$(dig_answer "$@")
    elif has nslookup && [ "$1 $3" = 'udp 53' ]; then
        said=$(limited "$limit_seconds" nslookup -type=ns . "$2" 2>&1)
    else
        lacks "$udp_tools, or dig"
        return 0
    fi
    case $said in
    *'66 72 '[89a-f]? | *'66 72 '[89a-f]?' '*) got_through answered ;;
    *'status: '* | *'server can'*find* | *nameserver*=*) got_through answered ;;
    *) explain '' "${said:-timed out}" && did_not ;;
    esac
}

# A client's packet (RFC 5905, 7.3): version 4, mode 3, 48 bytes. A server's has mode 4.
ntp_question() {
    printf '\043\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000'
    printf '\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000'
}

try_ntp() { # HOST PORT
    [ -n "$selected" ] || return 0
    what="ntp $(bracketed "$1"):$2"
    tool=$udp_tool
    if [ -z "$udp_tool" ]; then
        lacks "$udp_tools"
        return 0
    fi
    said=$({ ntp_question | "exchange_$udp_tool" udp "$1" "$2" | od -An -v -tx1 -N 2; } 2>&1)
    case $newline$said$newline in
    *"$newline "[0-9a-f][4c]' '??"$newline"*) got_through answered ;;
    *"$newline "[0-9a-f][0-9a-f]' '??"$newline"*)
        why='what answers is no NTP server'
        did_not
        ;;
    *) explain '' "${said:-timed out}" && did_not ;;
    esac
}

try_ping() { # 4|6 HOST
    [ -n "$selected" ] || return 0
    what="ping $2"
    tool=ping
    if ! has ping; then
        lacks ping
        return 0
    fi
    said=$(limited "$limit_seconds" ping "-$1" -c 1 -W "$seconds" "$2" 2>&1 </dev/null)
    ended=$?
    case $ended,$said in
    0,*) got_through answered ;;
    *'not permitted'* | *'ermission denied'* | *'lacking privilege'*) lacks 'the right to ping' ;;
    1,*' 0 received'* | 1,*' 0 packets received'*) explain 124 '' && did_not ;;
    *) explain "$ended" "$said" && did_not ;;
    esac
}

not_tried() { # WHAT WHY
    [ -n "$selected" ] || return 0
    left_out=$((left_out + 1))
    last_left_out="$1: $2"
    lines="$lines$newline        none  $last_left_out"
}

# ---- flows, and the summary ------------------------------------------------------------------

# Is it one of the flows that were asked for, or were none?
is_selected() { # NAME
    [ -n "$chosen" ] || return 0
    case $chosen in
    *"$newline$1$newline"*) return 0 ;;
    esac
    return 1
}

flow() { # NAME
    close_flow
    current=$1 denied='' selected='' lines=''
    probes=0 passed=0 failed=0 warned=0 skipped=0 left_out=0
    is_selected "$1" && selected=yes
}

denied_flow() { # NAME
    flow "$1"
    denied=yes
}

close_flow() {
    [ -n "$selected" ] || return 0
    flow_count=$((flow_count + 1))
    if [ "$failed" -gt 0 ]; then
        verdict=FAIL failed_flows=$((failed_flows + 1))
    elif [ "$warned" -gt 0 ]; then
        verdict=WARN warned_flows=$((warned_flows + 1))
    elif [ "$skipped" -gt 0 ]; then
        verdict=SKIP skipped_flows=$((skipped_flows + 1))
    elif [ "$probes" -gt 0 ]; then
        verdict=ok passed_flows=$((passed_flows + 1))
    else
        verdict=none untried_flows=$((untried_flows + 1))
    fi
    [ "$verdict" != ok ] || [ -z "$quiet" ] || return 0
    case $probes,$left_out in
    1,0) summary=$last lines='' ;;
    0,1) summary=$last_left_out lines='' ;;
    0,*) summary='nothing that could be tried' ;;
    *,0) summary="$passed of $probes probes passed" ;;
    *) summary="$passed of $probes probes passed, and $left_out more can't be tried" ;;
    esac
    printf '%-5s %s: %s%s\n' "$verdict" "$current" "$summary" "$lines"
}

summarize() {
    close_flow
    if [ "$flow_count" -eq 0 ]; then
        echo 'there is no such flow in this test' >&2
        return 2
    fi
    printf '%d %s: %d ok, %d warned, %d failed, %d skipped, %d with nothing to try\n' \
        "$flow_count" "$counted" "$passed_flows" "$warned_flows" "$failed_flows" "$skipped_flows" "$untried_flows"
    [ -z "$lacking" ] || echo "lacking here: $lacking"
    [ "$failed_flows" -eq 0 ] || return 1
    [ $((warned_flows + skipped_flows)) -eq 0 ] || return 3
}

# ---- this machine, and the options -----------------------------------------------------------

usage() {
    echo "usage: sh $0 [-q | -v] [-t SECONDS] [FLOW...]" >&2
    exit 2
}

can_use() { # TOOL
    case $1 in
    python3) python3 -c 'import socket, ssl' 2>/dev/null ;;
    perl) perl -MIO::Socket::IP -e 1 2>/dev/null ;;
    *) has "$1" ;;
    esac
}

# Prints the first of these that can be used here.
first_of() { # TOOL...
    for tool in "$@"; do
        if can_use "$tool"; then
            echo "$tool"
            return
        fi
    done
}

find_tools() {
    tcp_tools='one of python3, perl, bash, socat, nc, curl'
    tls_tools='one of openssl, python3, curl'
    udp_tools='od, and one of python3, perl, bash, socat, nc'
    tcp_tool=$(first_of python3 perl bash socat nc curl)
    tls_tool=$(first_of openssl python3 curl)
    has_timeout='' nc_kind='' udp_nc=nc udp_tool=''
    if timeout 1 sh -c : 2>/dev/null; then # older ones of busybox take -t SECONDS
        has_timeout=yes
    fi
    if has nc; then
        case $(nc -h 2>&1 </dev/null) in
        *BusyBox*' -u'*) nc_kind=busybox ;;
        *BusyBox*) nc_kind=busybox udp_nc='' ;; # it has no UDP
        *) nc_kind=other ;;
        esac
    fi
    if has od; then
        # shellcheck disable=SC2086 # a name or nothing
        udp_tool=$(first_of python3 perl bash socat $udp_nc)
    fi
}

main() {
    LC_ALL=C
    export LC_ALL
    quiet='' verbose='' seconds=5 chosen=''
    while getopts qvt: option; do
        case $option in
        q) quiet=yes ;;
        v) verbose=yes ;;
        t) seconds=$OPTARG ;;
        *) usage ;;
        esac
    done
    shift $((OPTIND - 1))
    case $seconds in
    '' | *[!0-9]* | 0*) usage ;;
    esac
    limit_seconds=$((seconds + 2)) # for tools that have a limit of their own
    for name in "$@"; do
        chosen="${chosen:-$newline}$name$newline"
    done
    counted=flows flow_count=0 passed_flows=0 warned_flows=0 failed_flows=0 skipped_flows=0 untried_flows=0
    selected='' lacking=''
    find_tools
    flows
    summarize
}

main "$@"
