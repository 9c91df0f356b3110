# A room of the house is one folder under src/, built as one static library.

# gate86_sources(TARGET FOLDER): compile every C file of FOLDER and its sub-folders into TARGET, but for main.c,
# which is a program.
function(gate86_sources target folder)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.c)
    list(FILTER sources EXCLUDE REGEX "/main\\.c$")
    if(NOT sources)
        set(sources ${PROJECT_BINARY_DIR}/empty.c)
        file(WRITE ${sources} "extern int gate86_room_without_sources;\n")
    endif()
    target_sources(${target} PRIVATE ${sources})
    target_link_libraries(${target} PRIVATE gate86_options)
endfunction()

# gate86_room(NAME BELOW...): the static library gate86_NAME from src/NAME, standing on BELOW.
function(gate86_room name)
    add_library(gate86_${name} STATIC)
    gate86_sources(gate86_${name} src/${name})
    target_link_libraries(gate86_${name} PUBLIC ${ARGN})
endfunction()
