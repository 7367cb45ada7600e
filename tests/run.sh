#!/bin/bash
# Installs what the tests need, builds the library and runs all tests.
#
#   tests/run.sh                everything: optimized, with sanitizers, short fuzz runs
#   tests/run.sh --quick        the optimized build only
#   tests/run.sh --no-install   with what is there; what misses its tools is skipped
#
# For Debian 12, as root or through sudo. No system service is started, and an installed
# mail server stays as it is.
#
# With MAILPROTO_NO_SKIP=1 a test that skips itself has failed (but for those that only read
# the optional data folder): for machines where everything is installed.
set -u -o pipefail

# ---- the packages, all of them, in one place ---------------------------------------------
build='build-essential cmake ninja-build pkg-config libcmocka-dev git python3'
examples='libssl-dev libmbedtls-dev libuv1-dev libjansson-dev libsqlite3-dev'
peers='swaks msmtp curl openssl procps iproute2 python3-aiosmtpd libnet-ssleay-perl
  libio-socket-ssl-perl libauthen-sasl-perl libdigest-hmac-perl libsasl2-modules
  libsasl2-modules-db libgsasl18 dovecot-submissiond mpop fetchmail getmail6 mutt bsdutils
  neomutt isync offlineimap3 imapfilter libmail-imapclient-perl libpq5'
servers='postfix dovecot-imapd dovecot-pop3d'
readers='gir1.2-gmime-3.0 python3-gi'                   # of what the composer writes
benchmarks='libgmime-3.0-dev dovecot-dev libetpan-dev'  # peers of tests/bench
checks='g++ binutils clang-14 libclang-rt-14-dev clang-format-14 clang-tidy-14 valgrind
  gcovr doxygen pmccabe gcc-arm-none-eabi'

cd "$(dirname "$0")/.." || exit 1
install=yes
quick=no
for argument; do
    case $argument in
    --no-install) install=no ;;
    --quick) quick=yes ;;
    *)
        sed -n '2,12s/^# \{0,1\}//p' "$0"
        exit 2
        ;;
    esac
done

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}
installed() {
    [ "$(dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2>/dev/null)" = 'ii ' ]
}
missing() {
    local package
    for package; do installed "$package" || echo "$package"; done
}
# owner_of <virtual package>: the installed package that provides it, if any.
owner_of() {
    dpkg-query -W -f='${db:Status-Abbrev}|${Package}|${Provides}\n' 2>/dev/null |
        awk -F'|' -v what="$1" '$1 ~ /^ii/ && $3 ~ what { print $2; exit }'
}
apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" \
        </dev/null
}

# Debian allows one mail server and one IMAP server at a time. One that is there stays.
# (Other POP3 servers are not installed: a test unpacks them below the build folder, see
# tests/interop/pop3peers.py.)
choose_servers() {
    local chosen='' package virtual owner
    for package in $servers; do
        case $package in
        postfix) virtual=mail-transport-agent ;;
        dovecot-imapd) virtual=imap-server ;;
        dovecot-pop3d) virtual=pop3-server ;;
        esac
        owner=$(owner_of "$virtual")
        if [ -n "$owner" ] && [ "$owner" != "$package" ]; then
            echo "$package is not installed, $owner is there: tests with $package are skipped" >&2
        else
            chosen+=" $package"
        fi
    done
    echo "$chosen"
}

# Packages start their services unless this file says no (Debian policy, 9.3.3). It is put
# in place only where there is none, and taken away at the end.
policy=/usr/sbin/policy-rc.d
own_policy=no
forbid_services() {
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null &&
            as_root chmod 755 $policy && own_policy=yes
    fi
}
allow_services() {
    if [ $own_policy = yes ]; then
        as_root rm -f $policy
        own_policy=no
    fi
}
trap allow_services EXIT

install_packages() {
    local wanted package service
    # shellcheck disable=SC2046,SC2086 # lists of words
    [ $quick = yes ] && checks='' benchmarks=''
    wanted=$(missing $build $examples $peers $readers $checks $benchmarks $(choose_servers))
    if [ -z "$wanted" ]; then
        echo "Everything the tests need is installed."
        return 0
    fi
    echo "To be installed, without their services being started:"
    echo "$wanted" | tr '\n' ' ' | fold -s -w 76 | sed 's/^/    /'
    echo
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        echo "Neither root nor sudo: install them, or use --no-install." >&2
        return 1
    fi
    forbid_services
    if grep -qx postfix <<<"$wanted"; then
        # Its files only: no configuration, no mail system.
        echo 'postfix postfix/main_mailer_type select No configuration' |
            as_root debconf-set-selections
    fi
    apt_get update
    # shellcheck disable=SC2086
    if ! apt_get install -y --no-install-recommends --no-remove $wanted >/dev/null; then
        # Something cannot be had here: the rest one by one, and say what is missing.
        for package in $wanted; do
            apt_get install -y --no-install-recommends --no-remove "$package" >/dev/null ||
                echo "cannot be installed: $package; what needs it is skipped" >&2
        done
    fi
    # Nor at the next start of the machine. Only what came just now.
    for service in postfix dovecot; do
        if grep -q "^$service" <<<"$wanted" && command -v systemctl >/dev/null; then
            as_root systemctl disable -q $service.service 2>/dev/null
        fi
    done
    allow_services
    # shellcheck disable=SC2086
    [ -z "$(missing $build)" ]
}

if [ $install = yes ]; then
    install_packages || exit 1
fi

# ---- build and test ----------------------------------------------------------------------
presets=release
if [ $quick = no ]; then
    presets+=' asan'
    if command -v clang-14 >/dev/null; then
        presets+=' fuzz'
    else
        echo "clang-14 is not installed: fuzz targets only replay their seeds"
    fi
fi

# excused <log>: the tests that skipped themselves for want of the optional data.
excused() {
    awk '/^[0-9]+\/[0-9]+ Test: / { name = $3 }
        /^skipped: (no data folder|.*set MAILPROTO_DATA)/ { print name }' "$1" 2>/dev/null
}

mkdir -p build
failed=''
summary=''
for preset in $presets; do
    log=build/run-$preset.log
    echo
    echo "== $preset"
    result=ok
    if ! cmake --workflow --preset "$preset" 2>&1 | tee "$log"; then
        result=FAILED
        failed+=" $preset"
    fi
    tests=$(grep -E '^[0-9]+% tests passed' "$log" || echo 'no tests were run')
    broken=$(sed -n '/(Skipped)$/d; s/^[[:space:]]*[0-9]* - \(.*\) (.*)$/\1/p' "$log" |
        tr '\n' ' ')
    skipped=$(sed -n 's/^.*- \(.*\) (Skipped)$/\1/p' "$log" | tr '\n' ' ')
    summary+=$(printf '\n  %-8s %-7s %s' "$preset" "$result" "$tests")
    if [ -n "$broken" ]; then
        summary+=$(printf '\n           failed: %s' "$broken")
    fi
    if [ -n "$skipped" ]; then
        summary+=$(printf '\n           skipped: %s' "$skipped")
    fi
    details=build/$preset/Testing/Temporary/LastTest.log
    partly=$(sed -n 's/^SKIPPED IN PART: //p' "$details" 2>/dev/null)
    if [ -n "$partly" ]; then
        summary+=$(printf '\n           skipped in part: %s' "${partly//$'\n'/; }")
    fi
    if [ "${MAILPROTO_NO_SKIP:-0}" != 0 ]; then
        for name in $skipped; do
            if ! grep -qxF "$name" <(excused "$details"); then
                summary+=$(printf '\n           must not skip itself: %s' "$name")
                failed+=" $preset"
            fi
        done
    fi
done

echo
echo "Summary:$summary"
if [ -n "$failed" ]; then
    echo "FAILED:$failed (logs: build/run-*.log)"
    exit 1
fi
echo "All tests passed."
