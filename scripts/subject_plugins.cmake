# Subject plugins, and mutants: plugins of the built-in cache with a patch on some of its files.

# The header that names the build; see harness/plan/subject_plugin.h.
file(GLOB stamped_files RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS cache/*.h cache/*.cc harness/plan/*.h
  harness/run/built_in_subject.cc harness/run/cache_client.h harness/run/cache_client.cc)
list(FILTER stamped_files EXCLUDE REGEX "_test\\.(cc|h)$")
set(stamp_header ${CMAKE_BINARY_DIR}/generated/harness/run/subject_stamp.h)
string(CONCAT stamped_flags "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_BUILD_TYPE} ${CMAKE_CXX_FLAGS} "
  "${CMAKE_CXX_FLAGS_RELWITHDEBINFO} ${STAMPEDE_SANITIZERS} ${STAMPEDE_FUZZ_ENGINE} ${STAMPEDE_COVERAGE}")
list(TRANSFORM stamped_files PREPEND ${PROJECT_SOURCE_DIR}/ OUTPUT_VARIABLE stamped_paths)
add_custom_command(OUTPUT ${stamp_header}
  COMMAND ${CMAKE_COMMAND} "-DOUTPUT=${stamp_header}" "-DROOT=${PROJECT_SOURCE_DIR}" "-DFLAGS=${stamped_flags}"
    "-DFILES=${stamped_files}" -P ${PROJECT_SOURCE_DIR}/scripts/subject_stamp.cmake
  DEPENDS ${stamped_paths} ${PROJECT_SOURCE_DIR}/scripts/subject_stamp.cmake
  COMMENT "Naming the build" VERBATIM)
add_custom_target(stampede_subject_stamp_file DEPENDS ${stamp_header})
add_library(stampede_subject_stamp INTERFACE)
target_include_directories(stampede_subject_stamp INTERFACE ${CMAKE_BINARY_DIR}/generated)
add_dependencies(stampede_subject_stamp stampede_subject_stamp_file)

# stampede_add_subject_plugin(NAME SOURCES a.cc ... [LIBRARIES lib ...] [FOLDER dir])
# A shared library NAME.so that shows one function, and finds all the rest in itself.
function(stampede_add_subject_plugin name)
  cmake_parse_arguments(arg "" "FOLDER" "SOURCES;LIBRARIES" ${ARGN})
  if(NOT arg_FOLDER)
    set(arg_FOLDER ${CMAKE_BINARY_DIR}/plugins)
  endif()
  add_library(${name} MODULE EXCLUDE_FROM_ALL ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${arg_FOLDER} POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} stampede_subject_stamp stampede_flags)
  target_link_options(${name} PRIVATE LINKER:-Bsymbolic)
  if(NOT STAMPEDE_SANITIZERS AND STAMPEDE_FUZZ_ENGINE STREQUAL "none")  # their run-time is in the host
    target_link_options(${name} PRIVATE LINKER:-z,defs)
  endif()
endfunction()

# stampede_add_mutant(NAME): corpus/mutants/NAME.patch, applied to copies of the files that it touches.
function(stampede_add_mutant name)
  set(patch ${PROJECT_SOURCE_DIR}/corpus/mutants/${name}.patch)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${patch})
  set(folder ${CMAKE_BINARY_DIR}/mutants)
  file(STRINGS ${patch} touched REGEX "^\\+\\+\\+ b/")
  list(TRANSFORM touched REPLACE "^\\+\\+\\+ b/([^\t ]+).*" "\\1")
  set(copies "")
  foreach(file IN LISTS touched)
    if(NOT file MATCHES "^cache/[a-z0-9_]+\\.cc$")
      message(SEND_ERROR "${patch}: touches ${file}; a mutant touches sources of the cache (cache/*.cc) only")
      return()
    endif()
    list(APPEND copies ${folder}/${name}.sources/${file})
  endforeach()
  if(NOT copies)
    message(SEND_ERROR "${patch}: touches no file; expected lines '+++ b/cache/...'")
    return()
  endif()
  list(TRANSFORM touched PREPEND ${PROJECT_SOURCE_DIR}/ OUTPUT_VARIABLE originals)
  add_custom_command(OUTPUT ${copies}
    COMMAND ${CMAKE_COMMAND} "-DNAME=${name}" "-DPATCH=${patch}" "-DROOT=${PROJECT_SOURCE_DIR}" "-DFILES=${touched}"
      "-DFOLDER=${folder}/${name}.sources" -P ${PROJECT_SOURCE_DIR}/scripts/apply_mutant.cmake
    DEPENDS ${patch} ${originals} ${PROJECT_SOURCE_DIR}/scripts/apply_mutant.cmake
    COMMENT "Mutating the cache: ${name}" VERBATIM)
  # Its objects come first: what they define is not looked for in the library.
  stampede_add_subject_plugin(mutant_${name} SOURCES ${copies} $<TARGET_OBJECTS:stampede_cache_plugin> FOLDER ${folder}
    LIBRARIES ${cache_plugin_libraries})
  set_target_properties(mutant_${name} PROPERTIES OUTPUT_NAME ${name})
  # Only what differs is compiled here, quickly; a mutant need not be fast.
  target_compile_options(mutant_${name} PRIVATE -O0 -g0)
  configure_file(${patch} ${folder}/${name}.patch COPYONLY)
  add_dependencies(mutants mutant_${name})
endfunction()
