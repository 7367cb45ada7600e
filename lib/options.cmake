# The build options. As a subproject nothing but the library is built, and nothing installed.

# Which libraries. A parent project steers the choice with its own BUILD_SHARED_LIBS.
if(PROJECT_IS_TOP_LEVEL)
    set(default_shared ON)
    set(default_static ON)
elseif(BUILD_SHARED_LIBS)
    set(default_shared ON)
    set(default_static OFF)
else()
    set(default_shared OFF)
    set(default_static ON)
endif()
option(MAILPROTO_BUILD_SHARED "Build the shared library" ${default_shared})
option(MAILPROTO_BUILD_STATIC "Build the static library" ${default_static})
if(NOT MAILPROTO_BUILD_SHARED AND NOT MAILPROTO_BUILD_STATIC)
    message(FATAL_ERROR "MAILPROTO_BUILD_SHARED and MAILPROTO_BUILD_STATIC are both off")
endif()

option(MAILPROTO_INSTALL "Install headers, libraries, CMake and pkg-config files"
       ${PROJECT_IS_TOP_LEVEL})
# The tests look inside, where the shared library shows nothing.
cmake_dependent_option(MAILPROTO_TESTS "Build the tests (needs cmocka)"
                       ${PROJECT_IS_TOP_LEVEL} "MAILPROTO_BUILD_STATIC" OFF)
option(MAILPROTO_EXAMPLES "Build the examples (needs OpenSSL, libuv, jansson)" OFF)
option(MAILPROTO_DOCS "Add the target mailproto_docs (needs doxygen)" OFF)
option(MAILPROTO_WERROR "Warnings are errors" OFF)

# For the developers of the library itself.
option(MAILPROTO_CHECKS "Register the source and binary checks with ctest" OFF)
option(MAILPROTO_FULL "Long test runs as well" OFF)
option(MAILPROTO_COVERAGE "Measure line coverage (gcc)" OFF)
option(MAILPROTO_FUZZ "Build libFuzzer programs in place of the tests (clang)" OFF)
set(MAILPROTO_FUZZ_SECONDS 10 CACHE STRING "How long each fuzz target runs in ctest")
set(MAILPROTO_SANITIZE "" CACHE STRING "Sanitizers, a list: address;undefined")

# What may be left out. OFF drops the files and defines MAILPROTO_NO_<NAME>=1 for the rest.
option(MAILPROTO_SMTP_CLIENT "SMTP and LMTP client" ON)
option(MAILPROTO_SMTP_SERVER "SMTP and LMTP server" ON)
option(MAILPROTO_POP3_CLIENT "POP3 client" ON)
option(MAILPROTO_POP3_SERVER "POP3 server" ON)
option(MAILPROTO_SASL "SASL mechanisms" ON)
cmake_dependent_option(MAILPROTO_SASL_SCRAM "SCRAM-SHA-1 and SCRAM-SHA-256, with -PLUS" ON
                       "MAILPROTO_SASL" OFF)
cmake_dependent_option(MAILPROTO_SASL_CRAM_MD5 "CRAM-MD5, and the digest of APOP" ON
                       "MAILPROTO_SASL" OFF)
cmake_dependent_option(MAILPROTO_SASL_OAUTH "OAUTHBEARER and XOAUTH2" ON
                       "MAILPROTO_SASL" OFF)
cmake_dependent_option(MAILPROTO_SASL_PLAIN "PLAIN and LOGIN" ON "MAILPROTO_SASL" OFF)
cmake_dependent_option(MAILPROTO_HASHES
                       "Built-in hash functions; else the application brings them" ON
                       "MAILPROTO_SASL_SCRAM OR MAILPROTO_SASL_CRAM_MD5" OFF)
option(MAILPROTO_MESSAGE "Message parser and composer" ON)
cmake_dependent_option(MAILPROTO_IMAP_CLIENT "IMAP client" ON "MAILPROTO_MESSAGE" OFF)
cmake_dependent_option(MAILPROTO_IMAP_SERVER "IMAP server" ON "MAILPROTO_MESSAGE" OFF)
set(MAILPROTO_CHARSETS 3 CACHE STRING
    "Charsets: 1 Unicode and Latin-1; 2 also ISO, windows, KOI8; 3 also IBM and Mac")
set_property(CACHE MAILPROTO_CHARSETS PROPERTY STRINGS 1 2 3)
if(NOT MAILPROTO_CHARSETS MATCHES "^[123]$")
    message(FATAL_ERROR "MAILPROTO_CHARSETS is 1, 2 or 3")
endif()
option(MAILPROTO_CASEMAP "Texts of IMAP's SEARCH compared by i;unicode-casemap: 7 KB" ON)
option(MAILPROTO_VECTOR "Vector instructions, where the application asks for them" ON)
option(MAILPROTO_HEAP "X_new and X_free on malloc" ON)

# mailproto_files(<out> <folder>): the sources of lib/<folder> that are wanted.
function(mailproto_files out folder)
    file(GLOB files RELATIVE "${PROJECT_SOURCE_DIR}" CONFIGURE_DEPENDS
         "${PROJECT_SOURCE_DIR}/lib/${folder}/*.c")

    set(drop "")
    foreach(protocol smtp pop3 imap)
        string(TOUPPER ${protocol} upper)
        if(NOT MAILPROTO_${upper}_CLIENT AND NOT MAILPROTO_${upper}_SERVER)
            list(APPEND drop "lib/${protocol}/" "lib/heap/${protocol}_"
                 "lib/pump/${protocol}_")
        elseif(NOT MAILPROTO_${upper}_CLIENT)
            # The layers beside the pump (transaction, download, ...) are the client's.
            list(APPEND drop "lib/${protocol}/client" "lib/heap/${protocol}_client"
                 "lib/pump/${protocol}_")
        elseif(NOT MAILPROTO_${upper}_SERVER)
            list(APPEND drop "lib/${protocol}/server" "lib/heap/${protocol}_server")
        endif()
    endforeach()
    if(NOT MAILPROTO_SASL)
        list(APPEND drop "lib/sasl/" "lib/heap/sasl" "lib/pump/sasl_")
    endif()
    if(NOT MAILPROTO_SASL_SCRAM)
        list(APPEND drop "lib/sasl/scram" "lib/sasl/pbkdf2" "lib/sasl/hash_sha")
    endif()
    if(NOT MAILPROTO_SASL_CRAM_MD5)
        list(APPEND drop "lib/sasl/cram" "lib/sasl/apop" "lib/sasl/hash_md5")
    endif()
    if(NOT MAILPROTO_SASL_OAUTH)
        list(APPEND drop "lib/sasl/oauth")
    endif()
    if(NOT MAILPROTO_SASL_PLAIN)
        list(APPEND drop "lib/sasl/plain" "lib/sasl/login")
    endif()
    if(NOT MAILPROTO_HASHES)
        list(APPEND drop "lib/sasl/hash_")
    endif()
    if(NOT MAILPROTO_MESSAGE)
        list(APPEND drop "lib/message/" "lib/heap/message" "lib/heap/compose")
    endif()
    if(NOT MAILPROTO_VECTOR)
        list(APPEND drop "lib/[a-z0-9_/]*_x86\\.c")
    endif()
    if(NOT MAILPROTO_HEAP)
        list(APPEND drop "lib/heap/")
    endif()

    foreach(pattern IN LISTS drop)
        list(FILTER files EXCLUDE REGEX "^${pattern}")
    endforeach()
    list(TRANSFORM files PREPEND "${PROJECT_SOURCE_DIR}/")
    set(${out} ${files} PARENT_SCOPE)
endfunction()
