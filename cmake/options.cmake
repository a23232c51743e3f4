# Compiler flags of our own code, as one interface target that every layer links.
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(palimpsest_options INTERFACE)
target_include_directories(palimpsest_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(palimpsest_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  # Noise, schedules and ids must have the same bits on every machine.
  -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # At -O3, GCC 12 reports members of a std::variant that it cannot follow through a vector's growth, and
  # overlapping copies inside std::string's own operator+ (GCC bug 105651).
  target_compile_options(palimpsest_options INTERFACE -Wno-maybe-uninitialized -Wno-restrict)
endif()
if(PALIMPSEST_WERROR)
  target_compile_options(palimpsest_options INTERFACE -Werror)
endif()
if(PALIMPSEST_SANITIZE)
  target_compile_options(palimpsest_options INTERFACE -fsanitize=${PALIMPSEST_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(palimpsest_options INTERFACE -fsanitize=${PALIMPSEST_SANITIZE})
endif()
if(PALIMPSEST_FUZZ)
  target_compile_options(palimpsest_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(EMSCRIPTEN)
  target_compile_options(palimpsest_options INTERFACE -msimd128 -fwasm-exceptions)
  target_link_options(palimpsest_options INTERFACE -fwasm-exceptions -sALLOW_MEMORY_GROWTH=1 -sMAXIMUM_MEMORY=4GB)
endif()
