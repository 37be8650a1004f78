# The alarm sinks: programs of their own that make alarms heard and outlive the daemon. They link
# nothing of it but the contracts and lib/.
pkg_check_modules(ALSA REQUIRED IMPORTED_TARGET alsa)

add_library(vigil_sink STATIC
  lib/notify.c lib/sink.c lib/sink_door.c lib/sink_frame.c lib/sink_receipt.c lib/sink_state.c
  lib/tones.c)
target_link_libraries(vigil_sink PUBLIC vigil_lib PkgConfig::JANSSON PkgConfig::YAML
  PRIVATE vigil_warnings vigil_build PkgConfig::ZMQ)

# What an alarm sounds like; pure, for the program and its tests.
add_library(vigil_sound STATIC
  tools/annunciator/pulse.c tools/annunciator/sequence.c)
target_link_libraries(vigil_sound PUBLIC vigil_sink m
  PRIVATE vigil_warnings vigil_build)

add_executable(vigil-annunciator
  tools/annunciator/device.c tools/annunciator/main.c tools/annunciator/options.c
  tools/annunciator/player.c tools/annunciator/self_test.c tools/annunciator/serve.c
  tools/annunciator/wav.c)
target_include_directories(vigil-annunciator PRIVATE ${CMAKE_BINARY_DIR}/gen)
target_compile_definitions(vigil-annunciator PRIVATE
  VG_DATADIR="${CMAKE_INSTALL_FULL_DATADIR}/vigil")
target_link_libraries(vigil-annunciator PRIVATE vigil_sound vigil_warnings vigil_build
  PkgConfig::ALSA)

# What a command has still to be run for; pure, for the program and its test.
add_library(vigil_duty STATIC tools/exec_sink/duty.c)
target_link_libraries(vigil_duty PUBLIC vigil_sink PRIVATE vigil_warnings vigil_build)

add_executable(vigil-exec-sink
  tools/exec_sink/child.c tools/exec_sink/main.c tools/exec_sink/message.c
  tools/exec_sink/options.c)
target_include_directories(vigil-exec-sink PRIVATE ${CMAKE_BINARY_DIR}/gen)
target_link_libraries(vigil-exec-sink PRIVATE vigil_duty vigil_warnings vigil_build)
