# How every target of this project is compiled.
add_library(sluice_options INTERFACE)
target_compile_options(sluice_options INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast
        -Wnon-virtual-dtor -Woverloaded-virtual -Wnull-dereference -Wimplicit-fallthrough -Wthread-safety>)
if(SLUICE_WERROR)
    target_compile_options(sluice_options INTERFACE -Werror)
endif()
target_include_directories(sluice_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(sluice_options INTERFACE SLUICE_VERSION="${PROJECT_VERSION}")

if(SLUICE_SANITIZE)
    set(SLUICE_SANITIZE_FLAGS -fsanitize=${SLUICE_SANITIZE} -fno-sanitize-recover=all)
    add_compile_options(${SLUICE_SANITIZE_FLAGS})
    add_link_options(${SLUICE_SANITIZE_FLAGS})
endif()
if(SLUICE_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# One folder, one namespace, one library: sluice_library(NAME [PUBLIC deps…] [PRIVATE deps…]) takes every .cpp of the
# folder and of its detail/ (other sub-folders are libraries of their own) and leaves out main.cpp and *_main.cpp.
function(sluice_library name)
    cmake_parse_arguments(arg "" "" "PUBLIC;PRIVATE" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/detail/*.cpp)
    list(FILTER sources EXCLUDE REGEX "main\\.cpp$")
    if(NOT sources)  # a folder of headers only
        file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/headers_only.cpp CONTENT "" @ONLY)
        set(sources ${CMAKE_CURRENT_BINARY_DIR}/headers_only.cpp)
    endif()
    add_library(${name} STATIC ${sources})
    set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
    target_link_libraries(${name} PUBLIC sluice_options ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
    if("PkgConfig::PQXX" IN_LIST arg_PRIVATE)
        sluice_precompiled(${name} database)
    else()
        sluice_precompiled(${name} plain)
    endif()
endfunction()

# SLUICE_SOURCE_DIR and SLUICE_BIN_DIR only where a file names them: a path on every command line would hide all of
# them from another clone's ccache.
function(sluice_define_paths)
    foreach(source ${ARGN})
        file(STRINGS ${source} uses REGEX "SLUICE_(SOURCE|BIN)_DIR" LIMIT_COUNT 1)
        if(uses)
            set_source_files_properties(${source} PROPERTIES COMPILE_DEFINITIONS
                "SLUICE_SOURCE_DIR=\"${PROJECT_SOURCE_DIR}\";SLUICE_BIN_DIR=\"${CMAKE_RUNTIME_OUTPUT_DIRECTORY}\"")
        endif()
    endforeach()
endfunction()
