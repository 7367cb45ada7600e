#!/bin/bash
# The main job of this library, live: alice@crepes.fr sends messages to the mail server of
# crepes.fr, which relays them to the one of hamburger.edu, which puts them into the
# Maildir of bob@hamburger.edu; and bob reads them there by IMAP, files one into a folder,
# searches, and fetches the others by POP3. Everything on this machine, on free ports of
# loopback.
#
#   examples/demo.sh                  installs what is missing, builds, runs
#   examples/demo.sh --no-install     with what is there
#   examples/demo.sh --programs DIR   with the programs that were built below DIR
#
# For Debian 12, as root or through sudo (or, with --no-install, as anybody). No system
# service is started, and nothing is changed outside build/demo and a temporary folder.
set -euo pipefail

packages='build-essential cmake ninja-build pkg-config libssl-dev libsqlite3-dev openssl curl'

cd "$(dirname "$0")/.."
install=yes
programs=build/demo
case ${1-} in
'') ;;
--no-install) install=no ;;
--programs)
    install=no
    programs=$2
    ;;
*)
    sed -n '2,14s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac

step() {
    printf '\n== %s\n' "$*"
}

# ---- what is needed ----------------------------------------------------------------------
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes \
        apt-get -qq -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

missing() {
    local package
    for package in $packages; do
        if [ "$(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null)" != 'ii ' ]
        then
            echo "$package"
        fi
    done
}

install_packages() {
    local wanted
    wanted=$(missing | tr '\n' ' ')
    if [ -z "$wanted" ]; then
        echo "Everything is installed already."
        return
    fi
    echo "To be installed with apt-get: $wanted"
    echo "(compiler, build tools, OpenSSL, SQLite, curl; no service among them is started)"
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        echo "Neither root nor sudo: install them, or use --no-install." >&2
        exit 1
    fi
    apt_get update
    # shellcheck disable=SC2086 # a list of words
    apt_get install -y --no-install-recommends $wanted >/dev/null
}

if [ "$install" = yes ]; then
    step "What is needed"
    install_packages
fi

# ---- build -------------------------------------------------------------------------------
build() {
    local generator=()
    # A build folder that is there stays as it was made.
    if command -v ninja >/dev/null && [ ! -e build/demo/CMakeCache.txt ]; then
        generator=(-G Ninja)
    fi
    cmake -S . -B build/demo "${generator[@]}" -DCMAKE_BUILD_TYPE=Release \
        -DMAILPROTO_EXAMPLES=ON -DMAILPROTO_TESTS=OFF -DMAILPROTO_BUILD_SHARED=OFF
    cmake --build build/demo --parallel --target mailproto-send mailproto-mailserver \
        mailproto-fetch mailproto-show
}
if [ "$programs" = build/demo ]; then
    mkdir -p build/demo
    step "Building into build/demo"
    if ! build >build/demo/build.log 2>&1; then
        cat build/demo/build.log
        exit 1
    fi
fi
send=$(find "$programs" -type f -name mailproto-send | head -n 1)
server=$(find "$programs" -type f -name mailproto-mailserver | head -n 1)
fetch=$(find "$programs" -type f -name mailproto-fetch | head -n 1)
show=$(find "$programs" -type f -name mailproto-show | head -n 1)
if [ -z "$send" ] || [ -z "$server" ] || [ -z "$fetch" ] || [ -z "$show" ]; then
    echo "mailproto-send, -mailserver, -fetch and -show are not all below $programs" >&2
    exit 1
fi
echo "$send"
echo "$server"
echo "$fetch"
echo "$show"

# ---- a place for it ----------------------------------------------------------------------
work=$(mktemp -d "${TMPDIR:-/tmp}/mailproto-demo.XXXXXX")
servers=()
stop_servers() {
    if [ ${#servers[@]} -gt 0 ]; then
        kill "${servers[@]}" 2>/dev/null || true
        wait "${servers[@]}" 2>/dev/null || true
        servers=()
    fi
}
finish() {
    local result=$?
    trap - EXIT INT TERM
    stop_servers
    rm -rf "$work/certificates" "$work/queues" "$work/messages" "$work/logs" \
        "$work/alice" "$work/bob" "$work/crepes.fr" "$work/before" "$work/imap"
    if [ $result = 0 ]; then # else let it be looked at
        rm -rf "$work/hamburger.edu" "$work/Maildir.seen"
    fi
    if [ -n "${SUDO_UID-}" ] && [ -n "${SUDO_GID-}" ]; then
        chown -R "$SUDO_UID:$SUDO_GID" "$work"
        chown "$SUDO_UID:$SUDO_GID" build 2>/dev/null || true
        chown -R "$SUDO_UID:$SUDO_GID" build/demo 2>/dev/null || true
    fi
    rmdir "$work" 2>/dev/null || true
    exit $result
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir "$work/certificates" "$work/messages" "$work/queues" "$work/logs"

step "A certificate authority and two certificates, for today"
certificate() {
    local name=$1 file=$work/certificates/$1
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$file.key" \
        -subj "/CN=$name" -out "$file.csr" 2>/dev/null
    openssl x509 -req -in "$file.csr" -CA "$work/certificates/ca.pem" \
        -CAkey "$work/certificates/ca.key" -CAcreateserial -days 1 -out "$file.pem" \
        -extfile <(echo "subjectAltName=DNS:$name,DNS:localhost,IP:127.0.0.1") 2>/dev/null
    openssl x509 -in "$file.pem" -noout -subject -ext subjectAltName | tr -s '\n ' ' '
    echo
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 \
    -keyout "$work/certificates/ca.key" -out "$work/certificates/ca.pem" \
    -subj '/CN=One-day authority' 2>/dev/null
certificate crepes.fr
certificate hamburger.edu

# account <name>: a users file and a password file below a folder of that name.
account() {
    local password
    password=$(openssl rand -hex 12)
    mkdir "$work/$1"
    printf '%s:%s\n' "$1" "$password" >"$work/$1/users"
    printf '%s\n' "$password" >"$work/$1/password"
    chmod 600 "$work/$1/users" "$work/$1/password"
}
account alice
account bob

# ---- the messages ------------------------------------------------------------------------
step "The messages"
cp examples/messages/*.eml "$work/messages"
{
    printf '%s\n' 'From: Alice <alice@crepes.fr>' 'To: Bob <bob@hamburger.edu>' \
        'Subject: The sources, as promised' 'Date: Fri, 20 Nov 2026 10:30:00 +0100' \
        'Message-ID: <7.20261120@crepes.fr>' 'MIME-Version: 1.0' \
        'Content-Type: multipart/mixed; boundary="=_sources.1"' '' '--=_sources.1' \
        'Content-Type: text/plain; charset=us-ascii' '' 'Here they are, Bob.' \
        '.gitignore is not among them.' '.' '--=_sources.1' \
        'Content-Type: application/x-tar; name="libmailproto.tar"' \
        'Content-Disposition: attachment; filename="libmailproto.tar"' \
        'Content-Transfer-Encoding: base64' ''
    tar -cf - include lib | base64 -w 76
    printf '%s\n' '--=_sources.1--'
} | sed 's/$/\r/' >"$work/messages/sources.eml"
(cd "$work/messages" && wc -c -- *.eml)

# ---- the servers -------------------------------------------------------------------------
# start <name> <option>...: a server on a free port, which is then in $port.
start() {
    local name=$1 log=$work/logs/$1
    shift
    "$server" --name "$name" --listen 127.0.0.1:0 --queue "$work/queues/$name" \
        --maildir-root "$work/$name" --local-domain "$name" \
        --cert "$work/certificates/$name.pem" --key "$work/certificates/$name.key" \
        --cafile "$work/certificates/ca.pem" --relay-tls starttls --verbose "$@" \
        > >(tee "$log") 2>&1 &
    servers+=($!)
    for ((i = 0; i < 100; i++)); do
        port=$(sed -n 's/.* ready on .*:\([0-9]*\)$/\1/p' "$log" 2>/dev/null || true)
        if [ -n "$port" ]; then
            return
        fi
        kill -0 "${servers[-1]}" 2>/dev/null || break
        sleep 0.1
    done
    echo "The server of $name did not start." >&2
    exit 1
}

step "The mail server of hamburger.edu, where bob has a mailbox"
readers=(--pop3 127.0.0.1:0)
no_imap=''
if ! "$server" --help | grep -q -e --imap; then
    no_imap='the server was built without SQLite (libsqlite3-dev)'
elif ! command -v curl >/dev/null; then
    no_imap='curl is not installed'
else
    readers+=(--imap 127.0.0.1:0)
fi
start hamburger.edu --mailbox bob --users "$work/bob/users" "${readers[@]}"
hamburger=$port
pop3=$(sed -n 's/.* POP3 on .*:\([0-9]*\)$/\1/p' "$work/logs/hamburger.edu")
imap=$(sed -n 's/.* IMAP on .*:\([0-9]*\)$/\1/p' "$work/logs/hamburger.edu")
step "The mail server of crepes.fr, which alice may use to send"
start crepes.fr --users "$work/alice/users" --users-only \
    --route "hamburger.edu=127.0.0.1:$hamburger" --retry-min 1
crepes=$port

step "alice@crepes.fr sends to bob@hamburger.edu (STARTTLS, AUTH)"
"$send" --server "127.0.0.1:$crepes" --cafile "$work/certificates/ca.pem" \
    --user alice --password-file "$work/alice/password" --from alice@crepes.fr \
    --to bob@hamburger.edu --verbose "$work"/messages/*.eml 2>&1 | sed -u 's/^/[send] /'

# ---- what arrived ------------------------------------------------------------------------
maildir=$work/hamburger.edu/bob/Maildir
sent=$(find "$work/messages" -name '*.eml' | wc -l)
arrived() { # IMAP moves what it has shown from new/ to cur/
    find "$maildir/new" "$maildir/cur" -type f 2>/dev/null | wc -l
}
for ((i = 0; i < 600 && $(arrived) < sent; i++)); do
    sleep 0.1
done
sleep 0.2 # for the last lines
step "Each message beside its file, byte for byte below the trace fields"
failed=0
for message in "$work"/messages/*.eml; do
    name=$(basename "$message")
    id=$(grep -m 1 '^Message-ID:' "$message")
    stored=$(grep -l -r -F -- "$id" "$maildir/new" 2>/dev/null || true)
    if [ ! -f "$stored" ]; then
        echo "$name: NOT THERE, or more than once"
        failed=1
        continue
    fi
    size=$(wc -c <"$message")
    total=$(wc -c <"$stored")
    head -c $((total - size)) "$stored" >"$work/logs/trace"
    # One Return-Path on top, one Received of each server, their folded lines: no more.
    fields=$(awk '/^Return-Path: </ && NR == 1 { p++; next } /^Received: / { r++; next }
        /^[ \t]/ && NR > 1 { next } { bad++ } END { printf "%d %d %d", p, r, bad }' \
        "$work/logs/trace")
    if [ "$fields" = '1 2 0' ] && tail -c "$size" "$stored" | cmp - "$message"; then
        printf '%-18s %7d octets: the same; %d lines of trace fields on top\n' "$name" \
            "$size" "$(wc -l <"$work/logs/trace")"
    else
        echo "$name: DIFFERS (trace fields: $fields)"
        failed=1
    fi
done
if [ "$(arrived)" != "$sent" ]; then
    echo "$(arrived) messages in the Maildir, $sent were sent"
    failed=1
fi

step "On top of the last one"
cat "$work/logs/trace" || true
step "Bob's Maildir at his server"
ls -l "$maildir/new" || true
if [ "$failed" != 0 ]; then
    step "FAILED"
    exit 1
fi

# ---- bob reads his mail where it is ------------------------------------------------------
# imap <mailbox> <option of curl>...
imap() {
    local mailbox=$1
    shift
    curl -sS --ssl-reqd --cacert "$work/certificates/ca.pem" \
        --netrc-file "$work/bob/netrc" "imap://localhost:$imap/$mailbox" "$@" |
        tr -d '\r' | sed 's/^/[curl] /'
    sleep 0.2 # for the server's last lines
}
# wants <words> <command>...: runs it; what it says has these words.
wants() {
    local words=$1 said
    shift
    said=$("$@") || true
    printf '%s\n' "$said"
    if ! grep -q -e "$words" <<<"$said"; then
        echo "NOT SAID: $words"
        failed=1
    fi
}
filed() {
    find "$maildir/.Recipes" -path '*/cur/*' -type f 2>/dev/null | wc -l
}

kept=$sent
if [ -n "$no_imap" ]; then
    step "No IMAP here: $no_imap"
else
    printf 'machine localhost login bob password %s\n' "$(cat "$work/bob/password")" \
        >"$work/bob/netrc"
    chmod 600 "$work/bob/netrc"
    mkdir "$work/imap"
    step "bob@hamburger.edu reads his mail over IMAP (STARTTLS, AUTHENTICATE)"
    imap "INBOX;UID=[1-$sent]" -o "$work/imap/#1"
    for message in "$work"/imap/*; do
        found=0
        for stored in "$maildir"/cur/*; do
            if cmp -s "$message" "$stored"; then
                found=$((found + 1))
                printf '%7d octets, the same: UID %s\n' "$(wc -c <"$message")" \
                    "$(basename "$message")"
            fi
        done
        if [ $found != 1 ]; then
            echo "UID $(basename "$message"): $found TIMES"
            failed=1
        fi
    done
    if [ "$(find "$work/imap" -type f | wc -l)" != "$sent" ]; then
        echo "not all of them came over IMAP"
        failed=1
    fi

    step "He searches, and files what he has found into a folder"
    recipe=$(basename "$(grep -l -F '<3.20261120@crepes.fr>' "$work"/imap/*)")
    wants 'SEARCH [0-9]' imap INBOX -X 'UID SEARCH SUBJECT ketchup'
    wants "SEARCH $recipe\$" imap INBOX -X 'UID SEARCH FROM alice SUBJECT confiture'
    imap '' -X 'CREATE Recipes'
    imap INBOX -X "UID MOVE $recipe Recipes"
    wants 'Recipes' imap '' -X 'LIST "" *'
    wants 'SEARCH 1$' imap Recipes -X 'SEARCH ALL'
    imap 'Recipes;UID=1' -o "$work/imap/filed"
    kept=$((sent - 1))
    if cmp "$work/imap/filed" "$work/imap/$recipe" && [ "$(filed)" = 1 ] &&
        [ "$(arrived)" = $kept ]; then
        echo "In Recipes now, and in INBOX no more: the same, byte for byte"
    else
        echo "$(filed) messages in Recipes, $(arrived) in INBOX"
        failed=1
    fi
    if [ "$failed" != 0 ]; then
        step "FAILED"
        exit 1
    fi
fi

# ---- bob fetches his mail ----------------------------------------------------------------
inbox=$work/Maildir
pop3_fetch() {
    "$fetch" --server "127.0.0.1:$pop3" --cafile "$work/certificates/ca.pem" \
        --user bob --password-file "$work/bob/password" --maildir "$inbox" --verbose \
        "$@" 2>&1 | sed -u 's/^/[fetch] /'
    sleep 0.2 # for the server's last lines
}

# same <folder>: each file of it is once in bob's new Maildir, octet for octet.
same() {
    local file size copy found
    for file in "$1"/*; do
        size=$(wc -c <"$file")
        found=0
        for copy in "$inbox"/new/*; do
            if cmp -s "$file" "$copy"; then
                found=$((found + 1))
            fi
        done
        if [ "$found" = 1 ]; then
            printf '%7d octets, the same: %s\n' "$size" "$(basename "$file")"
        else
            echo "$(basename "$file"): $found TIMES"
            failed=1
        fi
    done
    if [ "$(find "$inbox/new" -type f | wc -l)" != "$kept" ]; then
        echo "$(find "$inbox/new" -type f | wc -l) messages were fetched, not $kept"
        failed=1
    fi
}

mkdir "$work/before"
find "$maildir/new" "$maildir/cur" -type f -exec cp -a -t "$work/before" {} +
# unchanged: each file is where it was, as it was.
unchanged() {
    local file
    for file in "$work/before"/*; do
        cmp -s "$file" "$maildir/new/${file##*/}" ||
            cmp "$file" "$maildir/cur/${file##*/}" || return 1
    done
    [ "$(arrived)" = "$kept" ]
}
step "bob@hamburger.edu fetches his mail by POP3 (STLS, AUTH) and keeps it on the server"
pop3_fetch --keep
step "What he has beside what the server has"
same "$work/before"
if unchanged; then
    echo "The server's Maildir is as it was."
else
    failed=1
fi

step "Bob comes again: nothing is fetched twice, and all may be deleted now"
pop3_fetch --delete
same "$work/before" >"$work/logs/same" || true
if [ "$(arrived)" = 0 ]; then
    echo "The server's INBOX is empty."
else
    echo "$(arrived) messages are still on the server"
    failed=1
fi

step "The servers are stopped"
stop_servers

step "Bob's own Maildir"
ls -l "$inbox/new" || true

if [ "$failed" != 0 ]; then
    cat "$work/logs/same" 2>/dev/null || true
    step "FAILED"
    exit 1
fi
step "The one with the picture, as Bob sees it"
picture=$(grep -l -r -F 'filename="crepe.png"' "$inbox/new")
"$show" "$picture" | sed 's/^/[show] /'

step "Done: $sent messages sent, relayed, delivered and read, each the same byte for byte"
echo "They are in $inbox"
