# mbedTLS 2.28, which brings no CMake package of its own: MbedTLS_FOUND and the target
# MbedTLS::mbedtls. Version 3 only with -D MAILPROTO_MBEDTLS_3=ON: what the adapter has for
# it was never compiled.
set(MbedTLS_versions "2\\.28")
if(MAILPROTO_MBEDTLS_3)
    set(MbedTLS_versions "(2\\.28|3)")
endif()
find_path(MbedTLS_INCLUDE_DIR mbedtls/version.h)
foreach(part tls x509 crypto)
    find_library(MbedTLS_${part}_LIBRARY mbed${part})
    list(APPEND MbedTLS_LIBRARIES "${MbedTLS_${part}_LIBRARY}")
endforeach()
if(MbedTLS_INCLUDE_DIR)
    set(header version.h)
    if(EXISTS "${MbedTLS_INCLUDE_DIR}/mbedtls/build_info.h") # since 3
        set(header build_info.h)
    endif()
    file(STRINGS "${MbedTLS_INCLUDE_DIR}/mbedtls/${header}" line
         REGEX "^#define MBEDTLS_VERSION_STRING +\"${MbedTLS_versions}\\.")
    if(line)
        set(MbedTLS_SUITABLE yes)
    endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(MbedTLS DEFAULT_MSG
    MbedTLS_INCLUDE_DIR MbedTLS_tls_LIBRARY MbedTLS_x509_LIBRARY MbedTLS_crypto_LIBRARY
    MbedTLS_SUITABLE)

if(MbedTLS_FOUND AND NOT TARGET MbedTLS::mbedtls)
    add_library(MbedTLS::mbedtls INTERFACE IMPORTED)
    target_include_directories(MbedTLS::mbedtls SYSTEM INTERFACE "${MbedTLS_INCLUDE_DIR}")
    target_link_libraries(MbedTLS::mbedtls INTERFACE ${MbedTLS_LIBRARIES})
endif()
