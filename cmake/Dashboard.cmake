# The page for nurses, and the program that serves it. The page is bundled by esbuild, which needs
# Node.js and the packages of dashboard/web/package-lock.json (./dev setup brings both).
option(VIGIL_DASHBOARD "build vigil-dashboard" ON)
if(NOT VIGIL_DASHBOARD)
  return()
endif()
pkg_check_modules(MHD REQUIRED IMPORTED_TARGET libmicrohttpd)
pkg_check_modules(GNUTLS REQUIRED IMPORTED_TARGET gnutls)
find_program(VG_NODE node REQUIRED)
set(web ${CMAKE_SOURCE_DIR}/dashboard/web)
if(NOT EXISTS ${web}/node_modules/esbuild)
  message(FATAL_ERROR "dashboard/web/node_modules is missing: run ./dev setup, or 'npm ci' in "
    "dashboard/web, or configure with -DVIGIL_DASHBOARD=OFF")
endif()
file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS ${web}/src/*)
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/gen/dashboard/assets.h
  COMMAND ${VG_NODE} ${web}/build.mjs ${CMAKE_BINARY_DIR}/gen/dashboard/assets.h
  DEPENDS ${web_sources} ${web}/build.mjs ${web}/package-lock.json)

# Everything but main(): for the program and its tests.
add_library(vigil_dashboard STATIC
  dashboard/api.c dashboard/ask.c dashboard/certificate.c dashboard/connection.c dashboard/feed.c dashboard/file.c dashboard/http.c
  dashboard/node.c dashboard/op.c dashboard/options.c dashboard/people.c dashboard/route.c
  dashboard/screen.c dashboard/serve.c dashboard/signin.c dashboard/signin_store.c dashboard/stream.c dashboard/user.c
  ${CMAKE_BINARY_DIR}/gen/dashboard/assets.h)
target_include_directories(vigil_dashboard PRIVATE ${CMAKE_BINARY_DIR})
target_compile_definitions(vigil_dashboard PRIVATE VG_DATADIR="${CMAKE_INSTALL_FULL_DATADIR}/vigil")
target_link_libraries(vigil_dashboard PUBLIC vigil_sink PkgConfig::MHD PkgConfig::JANSSON
  PkgConfig::SODIUM PkgConfig::YAML
  PRIVATE vigil_warnings vigil_build PkgConfig::GNUTLS PkgConfig::ZMQ)

add_executable(vigil-dashboard dashboard/main.c)
target_include_directories(vigil-dashboard PRIVATE ${CMAKE_BINARY_DIR}/gen)
target_link_libraries(vigil-dashboard PRIVATE vigil_dashboard vigil_warnings vigil_build)
