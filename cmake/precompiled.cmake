# Headers from outside, parsed once instead of in each of some 900 files: more than half of the time of a build without
# optimisation. Only headers of other projects stand in them, so nothing here becomes stale while Sluice is worked on. The
# release preset goes without: there every file shows that it includes what it uses.
option(SLUICE_PCH "Precompile the headers of other projects" OFF)

if(SLUICE_PCH)
    # Some packages ask for it, and who includes a precompiled header must be compiled as it was: so all say it.
    target_compile_options(sluice_options INTERFACE -pthread)
    foreach(kind plain database tests)
        add_library(sluice_pch_${kind} STATIC ${CMAKE_CURRENT_LIST_DIR}/precompiled/empty.cpp)
        target_link_libraries(sluice_pch_${kind} PRIVATE sluice_options fmt::fmt)
        target_precompile_headers(sluice_pch_${kind} PRIVATE ${CMAKE_CURRENT_LIST_DIR}/precompiled/${kind}.hpp)
    endforeach()
    target_link_libraries(sluice_pch_database PRIVATE PkgConfig::PQXX)
endif()

function(sluice_precompiled target kind)
    if(SLUICE_PCH)
        target_precompile_headers(${target} REUSE_FROM sluice_pch_${kind})
    endif()
endfunction()
