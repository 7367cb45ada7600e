#!/bin/bash
# The library installed and used in every way there is, with each role left out once, and
# inside a unity build.
source "$(dirname "$0")/lib/common.sh"
need cmake ninja pkg-config gcc

export PKG_CONFIG_PATH=$work/prefix/lib/pkgconfig
version=$(sed -n 's/^project(libmailproto VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)

# quietly <what> <command>...: its output only if it fails.
quietly() {
    local what=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        echo "ok: $what"
    else
        tail -n 40 "$work/log"
        fail "$what"
    fi
}

# build_with <folder> <options>...: one configuration of the library, tests off.
build_with() {
    local out=$1
    shift
    cmake -S "$source_dir" -B "$out" -G Ninja -DMAILPROTO_TESTS=OFF -DMAILPROTO_WERROR=ON \
        "$@" && cmake --build "$out" -j 2
}

# ---- install ---------------------------------------------------------------------------
quietly "build" build_with "$work/build" \
    -DCMAKE_INSTALL_PREFIX="$work/prefix" -DCMAKE_INSTALL_LIBDIR=lib
quietly "install" cmake --install "$work/build"
# The same build elsewhere: nothing in it may point to the folder that was configured.
quietly "install elsewhere" cmake --install "$work/build" --prefix "$work/elsewhere"

# ---- a consumer, in each way -----------------------------------------------------------
mkdir -p "$work/app"
cat >"$work/app/main.c" <<'C'
#include <mailproto/mailproto.h>
#include <stdio.h>
int main(void)
{
    printf("%lx\n", (unsigned long)mailproto_version());
    return mailproto_error_name(0) == NULL;
}
C
# consumer <name> <CMake lines>: configures, checks that no test or install came along,
# builds and runs.
consumer() {
    local name=$1 dir=$work/app-$1
    mkdir -p "$dir"
    cp "$work/app/main.c" "$dir"
    {
        echo 'cmake_minimum_required(VERSION 3.21)'
        echo 'project(app LANGUAGES C)'
        echo 'enable_testing()'
        echo 'add_executable(app main.c)'
        printf '%s\n' "$2"
        echo 'if(MAILPROTO_TESTS OR MAILPROTO_INSTALL)'
        echo '    message(FATAL_ERROR "tests or install are on in a subproject")'
        echo 'endif()'
    } >"$dir/CMakeLists.txt"
    quietly "$name: configure" cmake -S "$dir" -B "$dir/build" -G Ninja \
        -DCMAKE_PREFIX_PATH="$work/prefix"
    quietly "$name: build" cmake --build "$dir/build" -j 2
    quietly "$name: run" "$dir/build/app"
}
package="find_package(mailproto ${version%.*} CONFIG REQUIRED"
consumer find_package "$package)
target_link_libraries(app PRIVATE mailproto::mailproto)"
consumer find_package_static "$package COMPONENTS static)
target_link_libraries(app PRIVATE mailproto::mailproto)"
consumer find_package_shared "$package)
target_link_libraries(app PRIVATE mailproto::shared)"
consumer add_subdirectory "add_subdirectory($source_dir mailproto)
target_link_libraries(app PRIVATE mailproto::mailproto)"
consumer add_subdirectory_shared "set(BUILD_SHARED_LIBS ON)
add_subdirectory($source_dir mailproto)
target_link_libraries(app PRIVATE mailproto::mailproto)"
consumer fetch_content "include(FetchContent)
FetchContent_Declare(mailproto SOURCE_DIR $source_dir)
FetchContent_MakeAvailable(mailproto)
target_link_libraries(app PRIVATE mailproto::mailproto)"
if ldd "$work/app-find_package_static/build/app" | grep mailproto; then
    fail "COMPONENTS static links the shared library"
fi

quietly "pkg-config: valid" pkg-config --validate libmailproto
header=$(sed -n 's/^#define MAILPROTO_VERSION_[A-Z]* //p' include/mailproto/base.h |
    paste -s -d .)
if [ "$header" != "$version" ]; then
    fail "base.h says version $header, CMakeLists.txt $version"
fi
if [ "$(pkg-config --modversion libmailproto)" != "$version" ]; then
    fail "pkg-config says another version than CMakeLists.txt"
fi
flags=$(pkg-config --cflags --libs libmailproto)
quietly "pkg-config: shared" gcc -std=c99 "$work/app/main.c" -o "$work/app/shared" $flags \
    -Wl,-rpath,"$work/prefix/lib"
quietly "pkg-config: shared, run" "$work/app/shared"
flags=$(pkg-config --static --cflags --libs libmailproto)
quietly "pkg-config: static" gcc -std=c99 -static "$work/app/main.c" -o "$work/app/static" \
    $flags
quietly "pkg-config: static, run" "$work/app/static"
flags=$(PKG_CONFIG_PATH=$work/elsewhere/lib/pkgconfig \
    pkg-config --cflags --libs libmailproto)
if [[ $flags != *"$work/elsewhere/"* || $flags == *"$work/prefix/"* ]]; then
    fail "installed elsewhere, pkg-config says $flags"
fi
quietly "pkg-config: elsewhere" gcc -std=c99 "$work/app/main.c" -o "$work/app/elsewhere" \
    $flags -Wl,-rpath,"$work/elsewhere/lib"
quietly "pkg-config: elsewhere, run" "$work/app/elsewhere"
for file in lib/libmailproto.a lib/libmailproto.so include/mailproto/mailproto.h \
    share/doc/libmailproto/LICENSE; do
    [ -e "$work/prefix/$file" ] || fail "not installed: $file"
done

# ---- roles left out --------------------------------------------------------------------
# The whole archive in one program: what is left must not miss what is gone. (The shared
# library has the same objects, compiled once more.)
variant() {
    local name=$1 dir=$work/without-$1
    shift
    quietly "without $name: build" build_with "$dir" \
        -DMAILPROTO_BUILD_SHARED=OFF "$@"
    quietly "without $name: link" gcc "-I$source_dir/include" "$work/app/main.c" \
        -o "$dir/app" -Wl,--whole-archive "$dir/lib/libmailproto.a" -Wl,--no-whole-archive
    quietly "without $name: run" "$dir/app"
}
for part in SMTP_CLIENT SMTP_SERVER POP3_CLIENT POP3_SERVER IMAP_CLIENT IMAP_SERVER SASL \
    SASL_SCRAM SASL_CRAM_MD5 SASL_OAUTH SASL_PLAIN HASHES MESSAGE HEAP; do
    variant $part -DMAILPROTO_$part=OFF
done
# Mechanisms in families: the rest is what it was, and what is left out says so.
cat >"$work/app/sasl.c" <<'C'
#include <mailproto/sasl.h>
#include <stdio.h>
#include <string.h>
static char mem[8192];
int main(int argc, char **argv)
{
    int i;
    for (i = 1; i < argc; i++) { /* +NAME: it is there; -NAME: it is not */
        mailproto_sasl_options o;
        mailproto_sasl_choice c;
        mailproto_sasl *x;
        mailproto_bytes name;
        mailproto_status st;
        memset(&o, 0, sizeof o);
        memset(&c, 0, sizeof c);
        o.struct_size = sizeof o;
        c.struct_size = sizeof c;
        o.mechanism.ptr = argv[i] + 1;
        o.mechanism.len = strlen(argv[i] + 1);
        o.name.ptr = o.password.ptr = o.nonce.ptr = "sixteen-octets-!";
        o.name.len = o.password.len = o.nonce.len = 16;
        c.flags = MAILPROTO_SASL_HAVE_PASSWORD | MAILPROTO_SASL_HAVE_TOKEN |
                  MAILPROTO_SASL_HAVE_EXTERNAL | MAILPROTO_SASL_ENCRYPTED |
                  MAILPROTO_SASL_VERIFIED;
        mailproto_sasl_offer(&c, o.mechanism);
        st = mailproto_sasl_init(mem, sizeof mem, &o, &x);
        if (st != (*argv[i] == '+' ? MAILPROTO_OK : MAILPROTO_ERR_NOT_BUILT) ||
            (mailproto_sasl_flags(o.mechanism) != 0) != (*argv[i] == '+') ||
            mailproto_sasl_choose(&c, &name) !=
                (*argv[i] == '+' ? MAILPROTO_OK : MAILPROTO_ERR_NOT_OFFERED)) {
            printf("%s: init says %s\n", argv[i], mailproto_error_name(st));
            return 1;
        }
    }
    return 0;
}
C
# mechanisms <name> <+there or -not there>... -- <options>...: those of such a build.
mechanisms() {
    local name=$1 expected=()
    shift
    while [ "$1" != -- ]; do
        expected+=("$1")
        shift
    done
    shift
    [ -d "$work/without-$name" ] || variant "$name" "$@"
    quietly "without $name: program" gcc "-I$source_dir/include" "$work/app/sasl.c" \
        -o "$work/without-$name/sasl" "$work/without-$name/lib/libmailproto.a"
    quietly "without $name: mechanisms" "$work/without-$name/sasl" "${expected[@]}"
}
mechanisms SASL_SCRAM -SCRAM-SHA-256 -SCRAM-SHA-1 +CRAM-MD5 +XOAUTH2 +PLAIN +LOGIN --
mechanisms SASL_CRAM_MD5 -CRAM-MD5 +SCRAM-SHA-256 +SCRAM-SHA-1 +OAUTHBEARER +PLAIN --
mechanisms SASL_OAUTH -OAUTHBEARER -XOAUTH2 +SCRAM-SHA-256 +CRAM-MD5 +PLAIN --
mechanisms SASL_PLAIN -PLAIN -LOGIN +SCRAM-SHA-256 +CRAM-MD5 +XOAUTH2 --
only='-SCRAM-SHA-256 -CRAM-MD5 -XOAUTH2 -PLAIN +EXTERNAL'
mechanisms all_but_PLAIN ${only/-PLAIN/+PLAIN} -- -DMAILPROTO_SASL_SCRAM=OFF \
    -DMAILPROTO_SASL_CRAM_MD5=OFF -DMAILPROTO_SASL_OAUTH=OFF
mechanisms all_mechanisms $only -- -DMAILPROTO_SASL_SCRAM=OFF \
    -DMAILPROTO_SASL_CRAM_MD5=OFF -DMAILPROTO_SASL_OAUTH=OFF -DMAILPROTO_SASL_PLAIN=OFF
for protocol in SMTP POP3 IMAP; do
    variant $protocol -DMAILPROTO_${protocol}_CLIENT=OFF -DMAILPROTO_${protocol}_SERVER=OFF
done
# One that leaves out the most, as a shared library: without undefined symbols as well.
quietly "without SASL and MESSAGE: shared" build_with "$work/shared" -DMAILPROTO_SASL=OFF \
    -DMAILPROTO_MESSAGE=OFF -DMAILPROTO_HEAP=OFF -DMAILPROTO_BUILD_STATIC=OFF

# ---- inside a project that compiles many files as one -----------------------------------
quietly "unity build" build_with "$work/unity" -DCMAKE_UNITY_BUILD=ON \
    -DCMAKE_UNITY_BUILD_BATCH_SIZE=0 -DMAILPROTO_BUILD_SHARED=OFF
exit $failed
