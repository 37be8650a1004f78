# How tests are found: a file in its folder is a test, nothing else has to be said.
find_program(VG_PYTHON NAMES /usr/bin/python3 NO_DEFAULT_PATH REQUIRED)

# What tests may reach: everything.
add_library(vigil_test_support INTERFACE)
target_include_directories(vigil_test_support INTERFACE ${CMAKE_BINARY_DIR}/gen ${CMAKE_SOURCE_DIR})
target_compile_definitions(vigil_test_support INTERFACE VG_TEST_BUILD
  VG_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
target_link_libraries(vigil_test_support INTERFACE vigil_daemon vigil_drivers vigil_lib vigil_core
  vigil_build PkgConfig::ZMQ PkgConfig::JANSSON)

# vg_test_support(): DIR/support/*.c, compiled once; a program takes what it needs of it.
function(vg_test_support)
  pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
  file(GLOB support CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/support/*.c)
  add_library(vigil_test_common STATIC ${support})
  target_link_libraries(vigil_test_common PUBLIC vigil_test_support PkgConfig::CMOCKA
    PRIVATE vigil_warnings)
endfunction()

# vg_test_dir(DIR PREFIX): every DIR/PREFIX*.c is a cmocka program.
# What one of them needs besides (a library, a linker option) stands in NAME.cmake beside it.
function(vg_test_dir dir prefix)
  pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/${prefix}*.c)
  foreach(source ${sources})
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} ${source})
    target_link_libraries(${name} PRIVATE vigil_test_common vigil_warnings PkgConfig::CMOCKA)
    include(${CMAKE_CURRENT_SOURCE_DIR}/${dir}/${name}.cmake OPTIONAL)
    add_test(NAME ${dir}.${name} COMMAND ${name})
    set_tests_properties(${dir}.${name} PROPERTIES LABELS ${dir} TIMEOUT 300)
  endforeach()
endfunction()

# vg_golden_dir(DIR): every DIR/<driver>/*.cap must replay to its .expected.
function(vg_golden_dir dir)
  file(GLOB captures CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/*/*.cap)
  foreach(capture ${captures})
    get_filename_component(name ${capture} NAME_WE)
    get_filename_component(driver ${capture} DIRECTORY)
    get_filename_component(driver ${driver} NAME)
    add_test(NAME golden.${driver}.${name} COMMAND vigil-replay --check ${capture})
    set_tests_properties(golden.${driver}.${name} PROPERTIES LABELS golden TIMEOUT 60)
  endforeach()
endfunction()

# vg_script_tests(DIR): every DIR/test_*.py gets the folder of the programs as its argument.
function(vg_script_tests dir)
  file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/test_*.py)
  foreach(script ${scripts})
    get_filename_component(name ${script} NAME_WE)
    add_test(NAME ${dir}.${name} COMMAND ${VG_PYTHON} ${script} ${CMAKE_BINARY_DIR})
    set_tests_properties(${dir}.${name} PROPERTIES LABELS ${dir} TIMEOUT 600
      SKIP_RETURN_CODE 77)
  endforeach()
  # The container measures how fast a service is back; it gets the machine for itself.
  foreach(name system.test_systemd system.test_sink_units)
    if(TEST ${name})
      set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
    endif()
  endforeach()
endfunction()

# vg_browser_dir(DIR): every DIR/test_*.mjs drives a real browser against real programs. A browser
# needs the machine for itself.
function(vg_browser_dir dir)
  file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/test_*.mjs)
  foreach(script ${scripts})
    get_filename_component(name ${script} NAME_WE)
    add_test(NAME ${dir}.${name} COMMAND ${VG_NODE} ${script} ${CMAKE_BINARY_DIR})
    set_tests_properties(${dir}.${name} PROPERTIES LABELS ${dir} TIMEOUT 600 RUN_SERIAL TRUE)
  endforeach()
endfunction()

# vg_fuzz_dir(DIR): every DIR/fuzz_*.c is a libFuzzer program.
function(vg_fuzz_dir dir)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/fuzz_*.c)
  foreach(source ${sources})
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} ${source})
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_libraries(${name} PRIVATE vigil_test_support)
  endforeach()
endfunction()
