# palimpsest_embed(TARGET FILE FUNCTION): adds a source to TARGET that defines `std::string_view palimpsest::FUNCTION()`,
# the bytes of FILE as they were when the program was built.
function(palimpsest_embed target file function)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp)
  set(script ${PROJECT_SOURCE_DIR}/cmake/write_embedded_file.cmake)
  add_custom_command(OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -D FILE=${file} -D FUNCTION=${function} -D SOURCE=${source} -P ${script}
    DEPENDS ${file} ${script} COMMENT "Embedding ${file}" VERBATIM)
  target_sources(${target} PRIVATE ${source})
endfunction()
