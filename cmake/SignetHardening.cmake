# SPDX-License-Identifier: Apache-2.0
#
# What Debian's packages are built with (dpkg-buildflags, hardening=+all), for all
# that we compile: a stack that tells when it was overrun, checked copies, a
# binary at a random address, tables that nobody can write after the start, and on
# x86 jumps that land only where the compiler meant them to.

include(CheckPIESupported)
check_pie_supported(LANGUAGES C CXX)

add_library(signet_hardening INTERFACE)
target_compile_options(signet_hardening INTERFACE -fstack-protector-strong)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64)$")
  target_compile_options(signet_hardening INTERFACE -fcf-protection)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  target_compile_options(signet_hardening INTERFACE -mbranch-protection=standard)
endif()
# The checked copies need an optimiser, which tests do without (SIGNET_UNOPTIMISED),
# and sanitizers have checks of their own.
if(NOT SIGNET_SANITIZE)
  set(optimised "$<NOT:$<OR:$<CONFIG:Debug>,$<BOOL:$<TARGET_PROPERTY:SIGNET_UNOPTIMISED>>>>")
  target_compile_options(signet_hardening INTERFACE
    -U_FORTIFY_SOURCE $<${optimised}:-D_FORTIFY_SOURCE=2>)
endif()
target_link_options(signet_hardening INTERFACE
  -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
