# The warning set of the project's own code. Library headers come in as system headers.
add_library(vigil_warnings INTERFACE)
target_compile_options(vigil_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes
  -Wmissing-prototypes -Wcast-qual -Wcast-align -Wpointer-arith -Wwrite-strings -Wundef -Wvla
  -Wformat=2 -Wswitch-enum -Wnull-dereference -Wdouble-promotion -Wredundant-decls
  -Wimplicit-fallthrough)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  target_compile_options(vigil_warnings INTERFACE
    -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wjump-misses-init -Wformat-signedness
    -Wcast-align=strict -Walloca -Wstack-usage=16384)
else()
  target_compile_options(vigil_warnings INTERFACE
    -Wassign-enum -Wconditional-uninitialized -Wcomma -Wmissing-variable-declarations)
endif()
if(VIGIL_WERROR)
  target_compile_options(vigil_warnings INTERFACE -Werror)
endif()
