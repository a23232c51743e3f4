# palimpsest_layer(NAME SOURCES … LINKS … PRIVATE_LINKS …): one static library per folder of the include table, so that
# the link graph holds the same rules as the include test.
function(palimpsest_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(palimpsest_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(palimpsest_${name} PUBLIC palimpsest_options ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
endfunction()

# palimpsest_test(NAME SOURCES … LINKS …): one doctest program per folder under test, run by CTest (under Node for
# WebAssembly). Golden data is found through PALIMPSEST_TEST_DATA.
function(palimpsest_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(test_${name} ${ARG_SOURCES})
  target_link_libraries(test_${name} PRIVATE palimpsest_test_support ${ARG_LINKS})
  target_compile_definitions(test_${name} PRIVATE
    PALIMPSEST_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/golden" PALIMPSEST_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  if(EMSCRIPTEN)
    target_link_options(test_${name} PRIVATE -sNODERAWFS=1 -sEXIT_RUNTIME=1 -sTOTAL_STACK=1MB)
    # Emscripten 3.1.6 takes Node's own fetch for a browser's.
    set_target_properties(test_${name} PROPERTIES
      CROSSCOMPILING_EMULATOR "${CMAKE_CROSSCOMPILING_EMULATOR};--no-experimental-fetch")
  endif()
  add_test(NAME ${name} COMMAND test_${name} --no-intro)
endfunction()
