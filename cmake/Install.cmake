# Where everything goes on a machine.
install(TARGETS vigild vigil-sim vigil-annunciator vigil-exec-sink
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
foreach(tool vigilctl vigil-replay vigil-dashboard)
  if(TARGET ${tool})
    install(TARGETS ${tool} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()
install(DIRECTORY config/limits config/modbus config/protocols config/tones
  DESTINATION ${CMAKE_INSTALL_DATADIR}/vigil)
install(FILES config/vigil.yaml config/dashboard.yaml DESTINATION ${CMAKE_INSTALL_DATADIR}/vigil/examples)

# The service. systemd and udev look below lib, not below a multi-arch folder, and the unit names
# /usr/bin: a package is configured with the prefix /usr.
install(FILES systemd/vigild.service systemd/vigil-annunciator.service
  systemd/vigil-exec-sink@.service systemd/vigil-dashboard.service DESTINATION lib/systemd/system)
install(FILES systemd/vigil.sysusers DESTINATION lib/sysusers.d RENAME vigil.conf)
install(FILES systemd/60-vigil.rules DESTINATION lib/udev/rules.d)

# Manual pages, where scdoc is at hand.
find_program(VG_SCDOC scdoc)
if(VG_SCDOC)
  file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/man/*.scd)
  foreach(page ${pages})
    get_filename_component(name ${page} NAME_WLE)
    get_filename_component(section ${name} LAST_EXT)
    string(SUBSTRING ${section} 1 -1 section)
    set(out ${CMAKE_BINARY_DIR}/man/${name})
    add_custom_command(OUTPUT ${out} COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/man
      COMMAND sh -c "'${VG_SCDOC}' < '${page}' > '${out}'" DEPENDS ${page} VERBATIM)
    list(APPEND man_pages ${out})
    install(FILES ${out} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
  endforeach()
  add_custom_target(man ALL DEPENDS ${man_pages})
  install(FILES ${CMAKE_SOURCE_DIR}/docs/wire.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()
