# Where third-party things come from: Debian packages, found once here. Nothing is downloaded by the build.
if(EMSCRIPTEN)
  # Only these header-only libraries may be seen by em++: a folder of links, never /usr/include itself.
  set(wasm_headers ${CMAKE_BINARY_DIR}/third_party_headers)
  file(MAKE_DIRECTORY ${wasm_headers})
  set(wanted hwy nlohmann)
  if(PALIMPSEST_TESTS)
    list(APPEND wanted doctest)
  endif()
  foreach(name ${wanted})
    find_path(${name}_HEADERS ${name} PATHS /usr/include /usr/local/include NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
    if(NOT ${name}_HEADERS)
      message(FATAL_ERROR "The headers of ${name} were not found; install libhwy-dev, nlohmann-json3-dev and doctest-dev")
    endif()
    file(CREATE_LINK ${${name}_HEADERS}/${name} ${wasm_headers}/${name} SYMBOLIC)
  endforeach()
  foreach(name highway json doctest)
    add_library(third_party_${name} INTERFACE)
    target_include_directories(third_party_${name} SYSTEM INTERFACE ${wasm_headers})
  endforeach()
  return()
endif()

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

add_library(third_party_json INTERFACE)
find_path(JSON_HEADERS nlohmann/json.hpp REQUIRED)
target_include_directories(third_party_json SYSTEM INTERFACE ${JSON_HEADERS})

pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
add_library(third_party_highway ALIAS PkgConfig::HWY)
find_package(fmt REQUIRED)
add_library(third_party_cli11 INTERFACE)
find_path(CLI11_HEADERS CLI/CLI.hpp REQUIRED)
target_include_directories(third_party_cli11 SYSTEM INTERFACE ${CLI11_HEADERS})

pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
add_library(third_party_sqlite3 ALIAS PkgConfig::SQLITE)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto)
add_library(third_party_crypto ALIAS PkgConfig::CRYPTO)

pkg_check_modules(PICTURE_CODECS REQUIRED IMPORTED_TARGET
  spng libdeflate libjpeg libwebp libwebpdemux libwebpmux libgif libavif lcms2)
add_library(third_party_picture_codecs ALIAS PkgConfig::PICTURE_CODECS)

# Headers alone: Beast and Asio.
add_library(third_party_boost INTERFACE)
find_path(BOOST_HEADERS boost/beast/version.hpp REQUIRED)
target_include_directories(third_party_boost SYSTEM INTERFACE ${BOOST_HEADERS})
target_link_libraries(third_party_boost INTERFACE Threads::Threads)

if(PALIMPSEST_TESTS)
  add_library(third_party_doctest INTERFACE)
  find_path(DOCTEST_HEADERS doctest/doctest.h REQUIRED)
  target_include_directories(third_party_doctest SYSTEM INTERFACE ${DOCTEST_HEADERS})
  # Only the tests compare with it.
  pkg_check_modules(SENTENCEPIECE REQUIRED IMPORTED_TARGET sentencepiece)
  add_library(third_party_sentencepiece ALIAS PkgConfig::SENTENCEPIECE)
endif()

if(PALIMPSEST_ONEDNN)
  # Not find_package(dnnl): Debian's configuration file asks for OpenCL, which a CPU build does not need.
  find_path(DNNL_HEADERS dnnl.hpp)
  find_library(DNNL_LIBRARY dnnl)
  find_package(OpenMP QUIET COMPONENTS CXX)
  if(DNNL_HEADERS AND DNNL_LIBRARY AND OpenMP_CXX_FOUND)
    add_library(third_party_onednn INTERFACE)
    target_include_directories(third_party_onednn SYSTEM INTERFACE ${DNNL_HEADERS})
    target_link_libraries(third_party_onednn INTERFACE ${DNNL_LIBRARY})
  else()
    message(STATUS "oneDNN not found: the oneDNN backend is not built (install libdnnl-dev)")
  endif()
endif()
