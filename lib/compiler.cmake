# How everything in this project is compiled.

# mailproto_warnings(<target>): the project's warnings, errors with MAILPROTO_WERROR.
function(mailproto_warnings target)
    if(MSVC)
        target_compile_options(${target} PRIVATE /W4 $<$<BOOL:${MAILPROTO_WERROR}>:/WX>)
        return()
    endif()
    target_compile_options(${target} PRIVATE
        -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef -Wvla
        -Wcast-qual -Wcast-align -Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes
        -Wswitch-enum -Wimplicit-fallthrough -Wformat=2
        $<$<BOOL:${MAILPROTO_WERROR}>:-Werror>)
endfunction()

# Sanitizers, coverage and fuzzing are for whole programs: never inside another project.
if(NOT PROJECT_IS_TOP_LEVEL)
    return()
endif()

set(mailproto_instrument "")
if(MAILPROTO_SANITIZE)
    string(REPLACE ";" "," sanitizers "${MAILPROTO_SANITIZE}")
    list(APPEND mailproto_instrument -fsanitize=${sanitizers} -fno-sanitize-recover=all
         -fno-omit-frame-pointer)
endif()
if(MAILPROTO_COVERAGE)
    list(APPEND mailproto_instrument --coverage)
endif()
if(MAILPROTO_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "MAILPROTO_FUZZ needs clang")
    endif()
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
add_compile_options(${mailproto_instrument})
add_link_options(${mailproto_instrument})
