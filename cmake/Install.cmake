# Where everything goes on a machine.
install(TARGETS vigild vigil-sim RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
foreach(tool vigilctl vigil-replay)
  if(TARGET ${tool})
    install(TARGETS ${tool} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()
install(DIRECTORY config/modbus DESTINATION ${CMAKE_INSTALL_DATADIR}/vigil)
install(FILES config/vigil.yaml DESTINATION ${CMAKE_INSTALL_DATADIR}/vigil/examples)

# The service. systemd and udev look below lib, not below a multi-arch folder, and the unit names
# /usr/bin: a package is configured with the prefix /usr.
install(FILES systemd/vigild.service DESTINATION lib/systemd/system)
install(FILES systemd/vigil.sysusers DESTINATION lib/sysusers.d RENAME vigil.conf)
install(FILES systemd/60-vigil.rules DESTINATION lib/udev/rules.d)
