# Where everything goes on a machine.
install(TARGETS vigild vigil-sim RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
foreach(tool vigilctl vigil-replay)
  if(TARGET ${tool})
    install(TARGETS ${tool} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()
install(DIRECTORY config/modbus DESTINATION ${CMAKE_INSTALL_DATADIR}/vigil)
install(FILES config/vigil.yaml DESTINATION ${CMAKE_INSTALL_DATADIR}/vigil/examples)
