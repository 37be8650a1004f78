# A double of libserialport over a pseudo-terminal, which the library itself refuses.
foreach(call get_port_by_name open close free_port get_port_handle set_baudrate set_bits set_parity
        set_stopbits set_flowcontrol flush)
  target_link_options(${name} PRIVATE -Wl,--wrap=sp_${call})
endforeach()
target_link_libraries(${name} PRIVATE PkgConfig::SERIALPORT)
